"""`./dev test`: every check, and the suite."""

import argparse
import contextlib
import secrets
import shutil
import signal
import subprocess
import time
from typing import Any

from devtools.bootstrap import places
from devtools.bootstrap.auditing import AUDIT, SKIPPED, audit
from devtools.bootstrap.console import INTERRUPTIONS, in_background, interrupt, run_through, say, step
from devtools.bootstrap.environment import portal_environment
from devtools.bootstrap.instance import new_signing_key, prepare_state, require_space, throwaway_place
from devtools.bootstrap.packages import ensure_packages
from devtools.bootstrap.translations import ensure_translations
from devtools.embedded.roles import ROLES, create_roles, install_queue
from devtools.embedded.server import Server
from devtools.embedded.throwaways import throwaway


def test(options: argparse.Namespace) -> int:
    """Run every check and the suite, or only pytest when it is given arguments."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    prepare_state()
    require_space("run")
    ensure_packages("dev")
    ensure_translations()
    with contextlib.ExitStack() as stack:
        with step("Starting a throw-away database"):
            server = stack.enter_context(throwaway(throwaway_place, places.STATE / "throwaway"))
            environment = test_environment(server, stack)
        if options.arguments in ([], ["--long"]):
            return run_checks(environment, [*whole_suite(), *(options.arguments or ["--cpu-budgets", "check"])])
        if options.arguments == ["--checks"]:
            return run_checks(environment)
        if options.arguments == ["--budgets"]:
            return run_through([*whole_suite(), "--cpu-budgets", "write"], environment)
        return run_through([places.PYTHON, "-m", "pytest", *options.arguments], environment)


def test_environment(server: Server, stack: contextlib.ExitStack) -> dict[str, str]:
    """Return the environment of a test run: empty databases, both roles, its own private state."""
    mine: dict[str, Any] = {
        "passwords": {role: secrets.token_hex(16) for role in ROLES},
        "secret_key": secrets.token_urlsafe(60),
        "signing_key": new_signing_key(),
    }
    create_roles(server, mine["passwords"])
    install_queue(server, mine["passwords"], places.VENV)
    state = places.STATE / "throwaway" / f"{server.name}.state"
    state.mkdir(mode=0o700)
    stack.callback(shutil.rmtree, state, ignore_errors=True)
    environment = portal_environment(server, mine, owner=True)
    for name in ("EMAIL_URL", "DEMO", "DEBUG", "DJANGO_SETTINGS_MODULE"):  # tests/settings.py decides
        del environment[name]
    return environment | {
        "STATE_DIR": str(state),
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "BASE_URL": "http://testserver",
        "DEFAULT_FROM_EMAIL": "Portal <portal@test.example>",
    }


def whole_suite() -> list[str]:
    return [places.PYTHON, "-m", "pytest", "-n", "2", "-q", f"--randomly-seed={seed_of_the_order()}"]


def run_checks(environment: dict[str, str], suite: list[str] | None = None) -> int:
    """Run them one after the other, but mypy, the longest, on another core at the same time; then the suite, alone."""
    failed, skipped = [], []
    with in_background(types_check(), environment) as types:
        for name, arguments, more in [*checks(), ("mypy", [], {}), *([("pytest", suite, {})] if suite else [])]:
            say(f"\n--- {name}")
            started = time.monotonic()
            code = types() if name == "mypy" else run_check(name, arguments, environment | more)
            seconds = time.monotonic() - started
            if code == SKIPPED:
                skipped.append(name)
            elif code != 0:
                failed.append(name)
            if INTERRUPTIONS:
                raise KeyboardInterrupt
            say(f"--- {name}: {'skipped' if code == SKIPPED else 'FAILED' if code else 'ok'}, {seconds:.1f} s")
    say()
    if skipped:
        say(f"Skipped: {', '.join(skipped)}.")
    say(f"FAILED: {', '.join(failed)}." if failed else "Every check passed.")
    return 1 if failed else 0


def run_check(name: str, arguments: list[str], environment: dict[str, str]) -> int:
    return audit(arguments, environment) if name == "pip-audit" else run_through(arguments, environment)


def types_check() -> list[str]:
    return [places.PYTHON, "-m", "mypy", *(name for name in SOURCES if (places.ROOT / name).exists())]


def checks() -> list[tuple[str, list[str], dict[str, str]]]:
    """Return (name, command, extra environment) of every check that is neither mypy nor the suite."""
    python = [places.PYTHON, "-m"]
    production = {
        "DEBUG": "false", "DEMO": "false", "ALLOWED_HOSTS": "portal.example.org",
        "SECRET_KEY": secrets.token_urlsafe(60),
        "BASE_URL": "https://portal.example.org", "EMAIL_URL": "smtp://localhost:25",
    }  # fmt: skip
    return [
        ("ruff check", [*python, "ruff", "check", "."], {}),
        ("ruff format", [*python, "ruff", "format", "--check", "."], {}),
        ("import-linter", [places.PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"], {}),
        ("djlint", [*python, "djlint", "--lint", "--quiet", *templates()], {}),
        ("makemigrations --check", [places.PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], {}),
        ("check --deploy", [places.PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], production),
        ("pip-audit", [*python, "pip_audit", *AUDIT, "-r", "requirements/run.txt"], {}),
    ]  # fmt: skip


def seed_of_the_order() -> int:
    """Return the seed that shuffles the tests: the same for the same commit, so that it gives the same answer twice."""
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        tree = ["git", "rev-parse", "--short=8", "HEAD^{tree}"]
        found = subprocess.run(tree, capture_output=True, text=True, cwd=places.ROOT, timeout=10, check=True)
        return int(found.stdout, 16)
    return secrets.randbits(32)


SOURCES = (
    "dev",
    "manage.py",
    "portal",
    "factories",
    "brands",
    "sharing",
    "assessments",
    "benchmarks",
    "devtools",
    "tests",
)


def templates() -> list[str]:
    return [
        name for name in SOURCES if (places.ROOT / name).is_dir() and any((places.ROOT / name).glob("**/templates"))
    ]
