"""`./dev release`: the database of this version, which later versions are tested to upgrade (tests/upgrades)."""

import argparse
import contextlib
import signal

from devtools.bootstrap import places
from devtools.bootstrap.console import interrupt, run_through, step
from devtools.bootstrap.instance import prepare_state, throwaway_place
from devtools.bootstrap.packages import ensure_packages
from devtools.bootstrap.testing import test_environment
from devtools.bootstrap.translations import ensure_translations
from devtools.embedded.programs import packaged_binaries
from devtools.embedded.throwaways import throwaway


def release(_options: argparse.Namespace) -> int:
    """Write `tests/upgrades/VERSION` on a throw-away database."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    prepare_state()
    ensure_packages("dev")
    ensure_translations()
    with contextlib.ExitStack() as stack:
        with step("Starting a throw-away database"):
            server = stack.enter_context(throwaway(throwaway_place, places.STATE / "throwaway"))
            environment = test_environment(server, stack)
        environment["PG_DUMP"] = str(packaged_binaries(places.VENV) / "bin" / "pg_dump")
        environment["PYTHONHASHSEED"] = "0"  # the order of sets is in the order of rows
        return run_through([places.PYTHON, "-m", "tests.upgrades"], environment)
