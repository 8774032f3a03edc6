"""The demo in an empty, throw-away database, for the benchmarks that measure it."""

import logging
import os

MEASURED = "Northlight Apparel"


def start_django() -> None:
    """Load the settings of a development machine (the demo is refused elsewhere), without a log of requests."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ["DEBUG"] = "true"
    import django
    from django.conf import settings

    django.setup()
    logging.disable(logging.INFO)
    settings.ALLOWED_HOSTS = ["testserver"]


def load_demo() -> None:
    """Fill the empty database with the demo. Stop where there is data already: the benchmark would spoil it."""
    from django.conf import settings

    from portal.demo.loader import DemoRefusedError
    from portal.demo.loader import load_demo as load

    try:
        loaded = load()
    except DemoRefusedError as refusal:
        raise SystemExit(str(refusal)) from refusal
    if loaded is None:
        raise SystemExit("This needs an empty, migrated database: use ./dev bench, which makes one.")
    settings.DEBUG = False


def settle() -> None:
    """Analyse the tables, as autovacuum does within a minute, so that the planner has current statistics."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
