"""Checks of what must be true for the portal to work; each answers with a sentence.

`readiness` is asked by `/health/ready/`, all of `installation` by `manage.py check_installation`. Layers above add
their own checks with `register_check`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import redis
from celery import current_app
from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from portal.core.database_rights import missing_rights
from portal.core.health.heartbeats import STALE_AFTER, alive
from portal.core.health.state_folder import folder_id, try_folder
from portal.core.models import Heartbeat
from portal.core.uploads import missing_evidence

SECONDS = 3  # how long to wait for a server that does not answer


class UnwellError(Exception):
    """The error for something wrong; the message is a sentence that says what, and what to do."""


@dataclass(frozen=True)
class Check:
    """One check: its name, and a function that raises `UnwellError` or returns what was found."""

    name: str
    ask: Callable[[], str]


installation: list[Check] = []


def register_check(name: str, ask: Callable[[], str]) -> None:
    """Add a check of an installation, unless there is one of that name."""
    if all(check.name != name for check in installation):
        installation.append(Check(name, ask))


def answer(check: Check) -> tuple[bool, str]:
    """Run a check; return whether all is well, and the sentence."""
    try:
        return True, check.ask()
    except UnwellError as error:
        return False, str(error)
    except Exception as error:  # noqa: BLE001 - one question that breaks must not hide the answers to the others
        return False, f"It could not be found out ({type(error).__name__}): see the checks above."


def database() -> str:
    """Ask the database for its version."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
    except DatabaseError as error:
        raise UnwellError("The database does not answer: check DATABASE_URL and the server.") from error
    return f"PostgreSQL {version} answers."


def database_log() -> str:
    """Ask whether the server logs the values of a statement that fails: they hold people's addresses and answers."""
    if _log_settings() != ("panic", "terse"):
        role = settings.APP_DATABASE_ROLE
        raise UnwellError(
            "Where a statement fails, the database's log holds its values, people's addresses among them. As the "
            f"database's superuser: ALTER ROLE {role} SET log_min_error_statement = panic; ALTER ROLE {role} SET "
            "log_error_verbosity = terse. Then start the processes again."
        )
    return "Where a statement fails, the database's log holds no values."


def _log_settings() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('log_min_error_statement'), current_setting('log_error_verbosity')")
        return cursor.fetchone()


def migrations() -> str:
    """Compare the newest migration of each app with what the database has."""
    missing = _newest() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        named = ", ".join(f"{app}.{name}" for app, name in sorted(missing))
        raise UnwellError(f"Migrations are missing ({named}): run manage.py migrate --database owner.")
    return "All migrations are applied."


@cache
def _newest() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def broker() -> str:
    """Connect to the broker, as the web does when it sends a job."""
    try:
        if settings.REDIS_URL:
            redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=SECONDS, socket_timeout=SECONDS).ping()
            return "Redis answers."
        with current_app.connection_for_write() as connected:
            connected.ensure_connection(max_retries=1, interval_start=0, timeout=SECONDS)
    except Exception as error:
        raise UnwellError("The broker does not answer: check REDIS_URL (or BROKER_URL) and the server.") from error
    return "The broker answers."


def state_folder() -> str:
    """Use the folder, and compare it with the one that each worker sees."""
    try:
        try_folder()
        mine = folder_id()
    except OSError as error:
        raise UnwellError(f"STATE_DIR ({settings.STATE_DIR}) cannot be used: {error.strerror or error}.") from error
    strangers = sorted(alive(Heartbeat.Process.WORKER).exclude(state_folder=mine).values_list("name", flat=True))
    if strangers:
        raise UnwellError(
            f"The workers {', '.join(strangers)} use another STATE_DIR than this process: give all processes the same "
            "shared folder, or uploads and reports are not found."
        )
    return f"{settings.STATE_DIR} can be written, and every worker sees the same folder."


def worker() -> str:
    """Count the workers that wrote a heartbeat lately."""
    count = alive(Heartbeat.Process.WORKER).count()
    if not count:
        raise UnwellError(f"No worker wrote a heartbeat in {_limit()}: start one with celery -A portal worker.")
    return f"{count} at work."


def beat() -> str:
    """Count the beats that wrote a heartbeat lately: there must be exactly one."""
    names = sorted(alive(Heartbeat.Process.BEAT).values_list("name", flat=True))
    if not names:
        raise UnwellError(f"Beat wrote no heartbeat in {_limit()}: start one with celery -A portal beat.")
    if len(names) > 1:
        raise UnwellError(
            f"{len(names)} beats run ({', '.join(names)}): keep exactly one. After a restart of beat, the old one is "
            f"counted for {_limit()}."
        )
    return "One at work."


def _limit() -> str:
    return f"{STALE_AFTER.total_seconds():.0f} s"


def rights() -> str:
    """Compare the app role's rights with those that migrate gives it."""
    wrong = missing_rights()
    if wrong:
        raise UnwellError(f"{'; '.join(wrong)}: run manage.py migrate --database owner.")
    return f"{settings.APP_DATABASE_ROLE} may do what it must and no more."


def mail() -> str:
    """Open a connection to the mail server; nothing is sent."""
    try:
        sender = get_connection()
        sender.open()
        sender.close()
    except OSError as error:
        raise UnwellError(f"The mail server does not answer ({type(error).__name__}): check EMAIL_URL.") from error
    return "The mail server answers; send one to yourself with manage.py sendtestmail you@example.org."


def scans() -> str:
    """Look for the file of every scan that proves a consent or a handover."""
    missing = missing_evidence()
    if missing:
        shown = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise UnwellError(
            f"{len(missing)} scans are not in {settings.STATE_DIR}/private ({shown}): restore it from a backup."
        )
    return "Every scan of a consent or a handover is there."


readiness = [
    Check("database", database),
    Check("migrations", migrations),
    Check("broker", broker),
    Check("state folder", state_folder),
    Check("worker", worker),
    Check("beat", beat),
]
for one in readiness:
    register_check(one.name, one.ask)
register_check("rights", rights)
register_check("database log", database_log)
register_check("mail", mail)
register_check("scans", scans)
