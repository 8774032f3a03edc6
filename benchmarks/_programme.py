"""A programme of any size in an empty database: the demo, then copies of its factories with all that hangs on them.

Each copy of a factory has the same assessments, grants and role groups as the original, so a brand's grants and what
it may read grow with the number of copies while everything about one factory stays as believable as the demo.
Answers are copied only for assessments that the measured brand was ever granted: no other list counts them.

Copying bypasses the services and, for answers, the triggers: only ever in a throw-away database.
"""

import os
from typing import Any

MEASURED = "Northlight Apparel"
QUIET = "Quiet Buyer"
STRIDE = 1_000_000  # the n-th copy of factory 7 has the id 7 + n * STRIDE


def start_django() -> None:
    """Load the settings as a development machine has them (the demo is refused elsewhere), without query logging."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ["DEBUG"] = "true"
    import django
    from django.conf import settings

    django.setup()
    settings.ALLOWED_HOSTS = ["testserver"]


def load_demo() -> None:
    """Fill the empty database with the demo. Stops where there is data already: what follows would spoil it."""
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


def add_quiet_brand() -> Any:
    """A brand to which three factories, and never more, grant their report; returns its one member."""
    from brands.models import Brand
    from brands.roles import BRAND
    from brands.services import create_brand
    from factories.models import Factory
    from portal.accounts.models import User
    from portal.accounts.services import add_member
    from sharing.models import SharingGrant

    if Brand.objects.filter(name=QUIET).exists():
        return User.objects.get(email="quiet@demo.example")
    staff = User.objects.get(email="global-staff@demo.example")
    brand = create_brand(by=staff, name=QUIET, kind="partner")
    user = User.objects.create(email="quiet@demo.example", name="Quiet Reader")
    add_member(by=None, kind=BRAND, organisation=brand, member=user, role="member")
    shared = Factory.objects.filter(assessments__state="published").distinct().order_by("pk")[:3]
    SharingGrant.objects.bulk_create(
        SharingGrant(factory=factory, brand=brand, scope="report", granted_by=staff) for factory in shared
    )
    return user


def grow(copies: range) -> None:
    """Add the copies with these numbers."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        # The foreign keys of a million copied answers would be checked one by one: nothing here depends on them.
        cursor.execute("ALTER TABLE assessments_answer DISABLE TRIGGER USER")
        for name in _foreign_keys(cursor, "assessments_answer"):
            cursor.execute(f'ALTER TABLE assessments_answer DROP CONSTRAINT "{name}"')
        for copy in copies:
            for statement in statements():
                cursor.execute(statement, {"copy": copy, "stride": STRIDE, "brand": MEASURED, "quiet": QUIET})
    _add_role_groups(copies)
    settle()


def settle() -> None:
    """What autovacuum does within a minute: the planner looks at the tables again."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _foreign_keys(cursor: Any, table: str) -> list[str]:
    cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [table])
    return [name for (name,) in cursor.fetchall()]


def statements() -> list[str]:
    """The copies, table by table: each column as it is, but for those named."""
    from assessments.models import Answer, Assessment
    from factories.models import Factory
    from sharing.models import SharingGrant, Subscription

    uuid = "md5({}::text || '-' || %(copy)s)::uuid"
    factory = "factory_id + %(copy)s * %(stride)s"
    original = "WHERE factory_id < %(stride)s"
    own = (
        "WHERE assessment_id IN (SELECT a.id FROM assessments_assessment a WHERE a.factory_id IN ("
        "SELECT g.factory_id FROM sharing_sharinggrant g JOIN brands_brand b ON b.id = g.brand_id "
        "WHERE b.name = %(brand)s AND g.factory_id < %(stride)s))"
    )
    names = {"bw_id": "bw_id || '-' || %(copy)s", "name": "name || ' ' || %(copy)s"}
    return [
        _copy(Factory, "WHERE id < %(stride)s", id="id + %(copy)s * %(stride)s", **names),
        _copy(
            Assessment,
            original,
            id=uuid.format("id"),
            factory_id=factory,
            quest_id="quest_id || '-' || %(copy)s",
            supersedes_id=uuid.format("supersedes_id"),
            published_at="published_at - %(copy)s * interval '1 minute'",
        ),
        _copy(
            SharingGrant,
            f"{original} AND brand_id NOT IN (SELECT id FROM brands_brand WHERE name = %(quiet)s)",
            id=uuid.format("id"),
            factory_id=factory,
            replaces_id=uuid.format("replaces_id"),
        ),
        _copy(Subscription, original, id=None, factory_id=factory),
        _copy(Answer, own, id=None, assessment_id=uuid.format("assessment_id")),
    ]


def _copy(model: Any, where: str, **changed: str | None) -> str:
    """An INSERT of every row of `model` that `where` keeps; a column changed to None gets its default."""
    columns = [field.column for field in model._meta.local_concrete_fields]
    kept = [name for name in columns if changed.get(name, "") is not None]
    values = ", ".join(changed.get(name) or f'"{name}"' for name in kept)
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in kept)
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} {where}"


def _add_role_groups(copies: range) -> None:
    from factories.models import Factory
    from factories.roles import FACTORY
    from portal.accounts.roles import create_role_groups_in_bulk

    first, last = copies.start * STRIDE, copies.stop * STRIDE
    create_role_groups_in_bulk(FACTORY, list(Factory.objects.filter(pk__gte=first, pk__lt=last)))


def sizes() -> dict[str, int]:
    """How much there is, and how much of it the measured brand may read."""
    from assessments.models import Answer, Assessment
    from factories.models import Factory
    from portal.accounts.models import User
    from sharing.models import SharingGrant

    reader = User.objects.get(email="brand-a-member@demo.example")
    return {
        "factories": Factory.objects.count(),
        "assessments": Assessment.objects.count(),
        "answers": Answer.objects.count(),
        "grants": SharingGrant.objects.count(),
        "readable by the brand": Assessment.objects.shared_with(reader).count(),
    }
