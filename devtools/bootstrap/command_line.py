"""Run and test the portal on one machine with nothing but Python 3.11 or newer.

./dev up [--port N] [--detach]   everything, in the foreground; Ctrl-C ends it
./dev down                       end it
./dev status                     is it running, and where
./dev test [pytest arguments]    without arguments: every check and the whole suite
./dev test --long                the same with long races, searches and made-up requests: some hours
./dev test --checks              every check without the suite: lint, types, imports, migrations
./dev test --budgets             the suite alone; writes tests/budgets.toml
./dev manage COMMAND ...         Django's manage.py with the right environment
./dev catalogues [LANG ...]      the translations: update them, or see --help
./dev bench [NAME [arguments]]   the figures of benchmarks/, measured here
./dev release                    the database of this version, for tests of later upgrades (CONTRIBUTING.md)
./dev reset --yes                end it and delete the embedded database and all of .state
"""

import argparse
import errno
import signal
import sys

from devtools.bootstrap import places
from devtools.bootstrap.benching import bench
from devtools.bootstrap.console import Interrupted, Stop, interrupt, run_through, say
from devtools.bootstrap.database import database, note_on_database
from devtools.bootstrap.environment import portal_environment
from devtools.bootstrap.instance import prepare_state
from devtools.bootstrap.lifecycle import down, reset, status, up
from devtools.bootstrap.packages import ensure_packages
from devtools.bootstrap.processes import running
from devtools.bootstrap.releasing import release
from devtools.bootstrap.testing import test
from devtools.embedded.errors import DatabaseError


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    start = commands.add_parser("up", help="start everything")
    start.add_argument("--port", type=int, default=0, help=f"the web server's port (default {places.DEFAULT_PORT})")
    start.add_argument("--detach", action="store_true", help="go on in the background")
    start.set_defaults(action=up)
    commands.add_parser("down", help="end it").set_defaults(action=down)
    commands.add_parser("status", help="is it running").set_defaults(action=status)
    commands.add_parser("release", help="write the database of this version").set_defaults(action=release)
    clean = commands.add_parser("reset", help="delete the database and all state")
    clean.add_argument("--yes", action="store_true")
    clean.set_defaults(action=reset)
    for name, action, text in (
        ("test", test, "every check and the suite"),
        ("manage", manage_command, "Django's manage.py"),
        ("catalogues", catalogues, "the translations"),
        ("bench", bench, "measure the figures"),
    ):
        commands.add_parser(name, help=text, add_help=False, prefix_chars="\0").set_defaults(action=action)
    known, rest = parser.parse_known_args(words)
    if known.command in ("test", "manage", "catalogues", "bench"):
        known.arguments = words[words.index(known.command) + 1 :]
    elif rest:
        parser.error(f"unknown: {' '.join(rest)}")
    return known


def main() -> int:
    options = parse(sys.argv[1:])
    try:
        return int(options.action(options))
    except (Stop, DatabaseError) as error:
        print(f"dev: {error}", file=sys.stderr, flush=True)
    except (KeyboardInterrupt, Interrupted):
        say("\nInterrupted.")
        return 130
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        what = (
            "The disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"No permission ({error.strerror})"
        )
        print(
            f"dev: {what}: {error.filename or places.ROOT}. Change that, then run this again.",
            file=sys.stderr,
            flush=True,
        )
    return 1


def manage_command(options: argparse.Namespace) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    with database() as (server, mine):
        if {"migrate", "flush", "load_demo"} & set(options.arguments[:1]):
            note_on_database(server, {})  # the next ./dev up looks again
        environment = portal_environment(server, mine, owner=True, base_url=str(running().get("address", "")))
        return run_through([places.PYTHON, str(places.ROOT / "manage.py"), *options.arguments], environment)


def catalogues(options: argparse.Namespace) -> int:
    """Run `devtools.catalogues`, which reads the portal's settings and what the suite needs."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    prepare_state()
    ensure_packages("dev")
    with database() as (server, mine):
        environment = portal_environment(server, mine, owner=True)
        return run_through([places.PYTHON, "-m", "devtools.catalogues", *options.arguments], environment)
