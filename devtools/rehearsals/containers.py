"""Run what Dockerfile and compose.yaml say, line by line, on a machine without Docker.

    .venv/bin/python -m devtools.rehearsals.containers [--python /usr/bin/python3.12]

Needs a PostgreSQL at 127.0.0.1:5432, a Redis at 127.0.0.1:6379 and the network (pip). The build steps run in a copy of
the files that .dockerignore lets through. Then the services run in the order of `depends_on`, with their commands,
environments and health checks, as a user who may write nowhere but in the state folder. Only addresses, folders and
names are replaced. It leaves nothing behind.
"""

import argparse
import http.client
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from devtools.embedded.accounts import nobody
from devtools.rehearsals.documents import ROOT, RehearsalError, replaced
from devtools.rehearsals.first_installation import HOST, free_port, pip_settings
from devtools.rehearsals.served import names, superuser

REDIS_DATABASE = 13
WAIT = 120.0  # seconds for a service to become healthy
ORDER = ("migrate", "web", "worker", "beat")


# --- what the two files say --------------------------------------------------------------------------------


def instructions(stage: int) -> list[tuple[str, str]]:
    """Return the instructions of a stage of the Dockerfile: (name, the rest), with continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    stages = re.split(r"^(?=FROM )", text, flags=re.MULTILINE)[1:]
    words = (line.partition(" ") for line in stages[stage].splitlines() if line.strip())
    return [(name, rest.strip()) for name, _space, rest in words]


def build_context() -> list[str]:
    """Return the paths that .dockerignore lets into the image."""
    return [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]


def composed() -> dict[str, Any]:
    """Return the services of compose.yaml."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return found


def interpolated(text: str, values: dict[str, str]) -> str:
    """Replace `${NAME:?message}` and `${NAME:-default}` as Compose does. Raises `RehearsalError` for a missing one."""

    def value(found: re.Match[str]) -> str:
        name, sign, rest = found.groups()
        if values.get(name):
            return values[name]
        if sign == "?":
            raise RehearsalError(f"compose.yaml needs {name}, which .env does not set.")
        return str(rest)

    return re.sub(r"\$\{([A-Z_]+):([?-])([^}]*)\}", value, text)


# --- the place where it runs ---------------------------------------------------------------------------------


@dataclass
class Rehearsal:
    """One run: where it is, under which names, and what was started."""

    folder: Path
    name: str
    python: str
    port: int = field(default_factory=free_port)
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make up what .env would hold."""
        self.secrets = {
            "POSTGRES_PASSWORD": secrets.token_hex(24), "OWNER_PASSWORD": secrets.token_hex(24),
            "APP_PASSWORD": secrets.token_hex(24), "SECRET_KEY": secrets.token_urlsafe(50),
            "SIGNING_KEYS": secrets.token_urlsafe(32), "ALLOWED_HOSTS": HOST,
            "EMAIL_URL": "smtp://127.0.0.1:25", "DEFAULT_FROM_EMAIL": "Portal <portal@example.org>",
        }  # fmt: skip

    @property
    def portal(self) -> Path:
        """The folder that is /portal in the image."""
        return self.folder / "portal"

    @property
    def state(self) -> Path:
        """The folder that is the volume of private files."""
        return self.folder / "state"

    @property
    def path(self) -> str:
        """The image's PATH."""
        return f"{self.folder / 'venv' / 'bin'}:{Path(self.python).parent}:/usr/bin:/bin"

    def build(self) -> None:
        """Copy the files that .dockerignore lets through and run the Dockerfile's steps of the build stage."""
        for name in build_context():
            source, target = ROOT / name, self.portal / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
            else:
                shutil.copy(source, target)
        interpreter = self.folder / "bin" / "python"
        interpreter.parent.mkdir()
        interpreter.write_text(f'#!/bin/sh\nexec {self.python} "$@"\n')  # no link: a venv looks beside it for its home
        interpreter.chmod(0o755)
        environment = {"PATH": f"{self.folder / 'bin'}:{self.path}", "HOME": str(self.folder), "PIP_QUIET": "1"}
        environment |= pip_settings()
        for instruction, rest in instructions(0):
            if instruction == "ENV":
                environment["PATH"] = f"{self.folder / 'venv' / 'bin'}:{environment['PATH']}"
            if instruction == "RUN":
                line = rest.replace("/tmp/", f"{self.folder}/tmp-").replace("/venv", str(self.folder / "venv"))  # noqa: S108
                print(f"--- RUN {rest[:110]}", flush=True)
                subprocess.run(["sh", "-ec", line], cwd=self.portal, env=environment, check=True)

    def create_database(self) -> None:
        """Run deploy/database.sql as PostgreSQL's image does."""
        script = replaced(
            (ROOT / "deploy" / "database.sql").read_text(),
            {
                "portal_owner": f"{self.name}_owner", "portal_app": f"{self.name}_app",
                "CREATE DATABASE portal ": f"CREATE DATABASE {self.name} ",
            },
        )  # fmt: skip
        command = [*superuser(), "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-d", "postgres"]
        if command[0] == "runuser":
            command[1:1] = ["--preserve-environment"]
        subprocess.run(command, input=script, text=True, env=os.environ | self.secrets, check=True)

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        """Return the environment that Compose gives to a service, with this machine's addresses."""
        given = {
            name: interpolated(str(value), self.secrets)
            for name, value in service["environment"].items()
            if value is not None
        }
        changes = {
            "@database:5432/portal": f"@127.0.0.1:5432/{self.name}",
            "portal_app:": f"{self.name}_app:", "portal_owner:": f"{self.name}_owner:",
            "redis://redis:6379/0": f"redis://127.0.0.1:6379/{REDIS_DATABASE}",
        }  # fmt: skip
        for name, value in given.items():
            for old, new in changes.items():
                given[name] = given[name].replace(old, new) if old in value else given[name]
        image = dict(
            re.findall(r"(PYTHON\w+)=(\S+)", " ".join(rest for name, rest in instructions(1) if name == "ENV"))
        )
        return {"PATH": self.path, "STATE_DIR": str(self.state), **image, **given}

    def start(self, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a command as the image's user, who may write in the state folder alone."""
        here = [word.replace("0.0.0.0:8000", f"127.0.0.1:{self.port}") for word in command]
        # Found by the service's own PATH: `Popen` would look in this process's.
        program = shutil.which(here[0], path=environment["PATH"]) or here[0]
        return subprocess.Popen(
            [program, *here[1:]], cwd=self.portal, env=environment, start_new_session=True, **unprivileged()
        )


def unprivileged() -> dict[str, Any]:
    """Return what makes a process that root starts one of a user without rights."""
    if os.geteuid() != 0:
        return {}
    account = nobody()
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def image_health(port: int) -> list[str]:
    """Return the command of the Dockerfile's HEALTHCHECK, for the port at which the web listens here."""
    (rest,) = (rest for name, rest in instructions(1) if name == "HEALTHCHECK")
    words: list[str] = json.loads(rest.partition("CMD ")[2])
    return [word.replace("8000", str(port)) for word in words]


def healthy(rehearsal: Rehearsal, name: str, service: dict[str, Any]) -> None:
    """Run the service's health check until it succeeds. Raises `RehearsalError` after `WAIT` seconds."""
    check = service.get("healthcheck", {}).get("test", ["CMD", *image_health(rehearsal.port)])[1:]
    until = time.monotonic() + WAIT
    while rehearsal.start(check, rehearsal.environment(service)).wait() != 0:
        if time.monotonic() > until:
            raise RehearsalError(f"{name} is not healthy after {WAIT:.0f} seconds: {shlex.join(check)}")
        time.sleep(1)
    print(f"--- {name}: healthy", flush=True)


@contextmanager
def running(rehearsal: Rehearsal) -> Iterator[None]:
    """Run the one-off service, then start the others and wait until they are healthy; end them afterwards."""
    started: list[tuple[str, subprocess.Popen[bytes]]] = []
    try:
        for name in ORDER:
            service = composed()[name]
            print(f"--- {name}: {shlex.join(service['command'])}", flush=True)
            process = rehearsal.start(service["command"], rehearsal.environment(service))
            if name == "migrate":
                if process.wait() != 0:
                    raise RehearsalError("migrate failed: see above.")
                continue
            started.append((name, process))
            healthy(rehearsal, name, service)
        yield
    finally:
        for _name, process in started:
            os.killpg(process.pid, signal.SIGTERM)
        codes = {name: process.wait(90) for name, process in started}
        print(f"--- ended: {codes}", flush=True)


def ask(port: int, path: str) -> tuple[int, bytes]:
    """Ask the web as the TLS proxy does; return the status and what it answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https"})
    response = connection.getresponse()
    return response.status, response.read()


def look_around(rehearsal: Rehearsal) -> None:
    """Open the sign-in page and its files, check the installation, and look for files outside the state folder."""
    status, page = ask(rehearsal.port, "/accounts/login/")
    files = set(re.findall(rb'(?:href|src)="(/static/[^"]+)"', page))
    if status != 200 or not files:
        raise RehearsalError(f"The sign-in page answered {status} and names {len(files)} files.")
    for name in files:
        if ask(rehearsal.port, name.decode())[0] != 200:
            raise RehearsalError(f"{name.decode()} was not collected.")
    if ask(rehearsal.port, "/health/ready/")[0] != 200:
        raise RehearsalError("/health/ready/ is not ready.")
    environment = rehearsal.environment(composed()["web"])
    command = [str(rehearsal.folder / "venv" / "bin" / "python"), "manage.py", "check_installation", "--wait", "60"]
    checked = subprocess.run(
        command, cwd=rehearsal.portal, env=environment, capture_output=True, text=True, check=False, **unprivileged()
    )
    print(checked.stdout, flush=True)
    wrong = [line for line in checked.stdout.splitlines() if line.startswith("WRONG") and "mail" not in line]
    if wrong or "ok" not in checked.stdout:
        raise RehearsalError(f"check_installation: {wrong or checked.stderr[-500:]}")  # it has no mail server


def rehearse(folder: Path, name: str, python: str) -> None:
    """Build, start, look around and end."""
    folder.chmod(0o755)
    rehearsal = Rehearsal(folder, name, python)
    rehearsal.build()
    rehearsal.state.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(rehearsal.state, nobody().uid, nobody().gid)
    rehearsal.create_database()
    with running(rehearsal):
        look_around(rehearsal)


def main() -> int:
    """Rehearse; 0 when the two files are right."""
    parser = argparse.ArgumentParser(description="Run what Dockerfile and compose.yaml say without Docker.")
    parser.add_argument("--python", default="/usr/bin/python3", help="an interpreter that every user may run")
    options = parser.parse_args()
    os.umask(0o022)  # as in an image: root's files are readable
    try:
        with tempfile.TemporaryDirectory() as folder, names("portal_containers") as name:
            rehearse(Path(folder), name, options.python)
    except (RehearsalError, subprocess.CalledProcessError) as error:
        print(f"containers: {error}", file=sys.stderr)
        return 1
    print("Dockerfile and compose.yaml are right.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
