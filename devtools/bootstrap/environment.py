"""The environment of what we run."""

import os
import re
import signal
import subprocess
from typing import Any
from urllib.parse import quote

from devtools.bootstrap import places
from devtools.bootstrap.console import Refused, Stop
from devtools.embedded.processes import child_setup
from devtools.embedded.server import Server

# What would redirect our children: other projects' settings, other Pythons, other databases. Without its compiled
# modules (PYTHONDONTWRITEBYTECODE, common in containers) every process of ours would compile 1,800 files: 4 seconds.
NOT_INHERITED = re.compile(
    r"^(PG[A-Z]+|PYTHON(PATH|HOME|STARTUP|DONTWRITEBYTECODE)|VIRTUAL_ENV|DJANGO_SETTINGS_MODULE|DATABASE(_OWNER)?_URL|REDIS_URL|"
    r"BROKER_URL|SECRET_KEY(_FALLBACKS)?|SIGNING_KEYS|METRICS_TOKEN|PROMETHEUS_[A-Z_]+|DEFAULT_FROM_EMAIL|DEBUG|DEMO|"
    r"STATE_DIR|EMAIL_URL|BASE_URL|ALLOWED_HOSTS|CELERY_.*|GUNICORN_.*|WEB_CONCURRENCY|PORTAL_SUPERVISED|PORTAL_DEV_RETRIED)$"
)


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not NOT_INHERITED.match(key)}


def portal_environment(server: Server, mine: dict[str, Any], *, owner: bool, base_url: str = "") -> dict[str, str]:
    """Return the portal's settings for the embedded server; the owner's password only where it is needed."""
    passwords = mine["passwords"]
    environment = clean_environment() | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONUNBUFFERED": "1",
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS kills forked children of a loaded program without it
        "SECRET_KEY": mine["secret_key"],
        "SIGNING_KEYS": mine["signing_key"],
        "DEBUG": "true",
        "DEMO": "true",
        "STATE_DIR": str(places.STATE),
        "BASE_URL": base_url or f"http://localhost:{places.DEFAULT_PORT}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "EMAIL_URL": f"filemail:///{quote(str(places.STATE / 'mail'))}",
        "DATABASE_URL": server.url("portal_app", passwords["portal_app"], "portal"),
        "BROKER_URL": server.url("portal_queue", passwords["portal_queue"], "portal_queue", "pgmq"),
    }
    if owner:
        environment["DATABASE_OWNER_URL"] = server.url("portal_owner", passwords["portal_owner"], "portal")
    return environment


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed; its failure stops us with its last lines."""
    result = subprocess.run(
        [places.PYTHON, str(places.ROOT / "manage.py"), *arguments],
        capture_output=True, text=True, env=environment, cwd=places.ROOT, check=False,
        preexec_fn=child_setup(signal.SIGKILL),
    )  # fmt: skip
    (places.LOGS / f"{arguments[0]}.log").write_text(result.stdout + result.stderr)
    lines = (result.stdout + result.stderr).strip().splitlines()
    if result.returncode != 0 and lines and lines[-1].startswith("CommandError: "):
        raise Refused(lines[-1].removeprefix("CommandError: "))
    if result.returncode != 0:
        last = "\n    ".join(lines[-15:])
        raise Stop(f"manage.py {' '.join(arguments)} failed:\n    {last}")
    return result.stdout
