"""`./dev bench`: the figures of `benchmarks/`."""

import argparse
import contextlib
import signal

from devtools.bootstrap import places
from devtools.bootstrap.console import Stop, interrupt, run_through, say, step
from devtools.bootstrap.environment import manage
from devtools.bootstrap.instance import prepare_state, throwaway_place
from devtools.bootstrap.packages import ensure_packages
from devtools.bootstrap.testing import test_environment
from devtools.bootstrap.translations import ensure_translations
from devtools.embedded.throwaways import throwaway


def bench(options: argparse.Namespace) -> int:
    """Run one file of benchmarks/ (its name, then its arguments) or all of them, each on an empty database."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    prepare_state()
    ensure_packages("dev")
    ensure_translations()
    known = sorted(path.stem for path in (places.ROOT / "benchmarks").glob("[a-z]*.py"))
    chosen, arguments = (options.arguments[:1], options.arguments[1:]) if options.arguments else (known, [])
    if not set(chosen) <= set(known):
        raise Stop(f"There is no benchmark {chosen[0]}. There are: {', '.join(known)}.")
    failed = [name for name in chosen if bench_one(name, arguments) != 0]
    if failed:
        say(f"\nNot as promised: {', '.join(failed)}.")
    return 1 if failed else 0


def bench_one(name: str, arguments: list[str]) -> int:
    say(f"\n--- {name}")
    with contextlib.ExitStack() as stack:
        with step("Starting a throw-away database and creating the tables"):
            server = stack.enter_context(throwaway(throwaway_place, places.STATE / "throwaway", durable=True))
            environment = test_environment(server, stack) | {"DJANGO_SETTINGS_MODULE": "portal.settings"}
            manage(environment, "migrate", "--database", "owner", "--no-input")
        return run_through([places.PYTHON, "-m", f"benchmarks.{name}", *arguments], environment)
