"""A small checkout to start for real: the bootstrap itself, over a portal of three files instead of the whole one."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devtools.bootstrap import places
from devtools.embedded import files, processes, programs

REPOSITORY = places.ROOT

MANAGE = """
import os, pathlib, sys
with open(pathlib.Path(os.environ["STATE_DIR"]) / "managed.txt", "a") as log:
    log.write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "demo_accounts":
    print("manager@factory.example  demo-password")
if sys.argv[1] == "fail":
    sys.exit("CommandError: it went wrong")
if sys.argv[1] == "touch":
    from portal.celery import app
    app.send_task("touch", [sys.argv[2]])
"""

SETTINGS = """
SECRET_KEY = "not a secret"
INSTALLED_APPS = []
"""

WSGI = """
import os
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getppid()).encode()]
"""

CELERY = """
import os
from urllib.parse import urlsplit
from celery import Celery
parts = urlsplit(os.environ["BROKER_URL"])
folder, _, name = parts.path.removeprefix("/").rpartition("/")
app = Celery("portal", broker="pgmq://")
app.conf.update(
    task_ignore_result=True, task_acks_late=True, worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True, broker_transport_options={
        "conn_string": f"host={folder} port=5432 dbname={name} user={parts.username} password={parts.password}",
        "init_extension": False, "wait_time_seconds": 0, "polling_interval": 0.25,
        "pool_size": 4, "pool_timeout": 10,
    },
)
@app.task(name="touch")
def touch(path):
    open(path, "w").close()
"""


# In the place of Celery, which takes seconds to start and to end: most tests are not about it.
IDLE_WORKER = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
"""


def make(folder: Path, *, celery: bool = False, base_python: str = "") -> "Checkout":
    """Make a checkout in ``folder`` that shares this environment's packages and has nothing to install.

    Its worker is an idle process, or with ``celery`` the real one.
    """
    folder.mkdir(parents=True)
    for name in ("dev", "gunicorn.conf.py"):
        shutil.copy2(REPOSITORY / name, folder / name)
    shutil.copytree(REPOSITORY / "requirements", folder / "requirements")
    shutil.copytree(REPOSITORY / "devtools", folder / "devtools")
    portal = folder / "portal"
    portal.mkdir()
    (portal / "__init__.py").write_text("")
    (portal / "wsgi.py").write_text(WSGI)
    if celery:
        (portal / "celery.py").write_text(CELERY)
    else:
        (folder / "celery").mkdir()
        (folder / "celery" / "__init__.py").write_text("")
        (folder / "celery" / "__main__.py").write_text(IDLE_WORKER)
    (portal / "settings.py").write_text(SETTINGS)
    (folder / "manage.py").write_text(MANAGE)
    checkout = Checkout(folder)
    checkout.borrow_packages(base_python or os.path.realpath(sys.executable))
    return checkout


class Checkout:
    """A checkout and what a person would do in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / ".state"
        self.port = free_port()
        self.owner: int | None = None
        self._supervisors: list[subprocess.Popen[str]] = []
        self._marks: set[str] = set()

    def borrow_packages(self, base_python: str) -> None:
        venv = self.folder / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(base_python)
        alone = "include-system-site-packages = false"
        (venv / "pyvenv.cfg").write_text(f"home = {Path(base_python).parent}\n{alone}\nversion = 3.11\n")
        (venv / "lib").symlink_to(Path(sys.prefix) / "lib")
        lock = json.loads(self._ask("print(__import__('json').dumps(sys.version_info[:2]))"))
        stamp = {"python": str(tuple(lock)), "embedded": self._lock_hash()}
        (venv / "portal-lock.json").write_text(json.dumps(stamp))

    def _ask(self, code: str) -> str:
        python = str(self.folder / ".venv/bin/python")
        return subprocess.run([python, "-c", f"import sys; {code}"], capture_output=True, text=True, check=True).stdout

    def _lock_hash(self) -> str:
        import hashlib

        return hashlib.sha256((self.folder / "requirements" / "embedded.txt").read_bytes()).hexdigest()

    # -- commands

    def _arguments(self, *words: str) -> dict[str, Any]:
        demote = {} if self.owner is None else {"user": self.owner, "group": self.owner, "extra_groups": []}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        python = os.path.realpath(self.folder / ".venv/bin/python")
        return {
            "args": [python, str(self.folder / "dev"), *words],
            "env": environment,
            "cwd": str(self.folder),
            "text": True,
            "stdin": subprocess.DEVNULL,
            **demote,
        }

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ``./dev`` to its end."""
        arguments = self._arguments(*words)
        arguments["env"] |= variables
        return subprocess.run(capture_output=True, timeout=60, check=False, **arguments)

    def up(self) -> "subprocess.Popen[str]":
        """Start ``./dev up`` and return its process once the portal answers."""
        output = (self.folder / "up.txt").open("w")
        words = self._arguments("up", "--port", str(self.port))
        process = subprocess.Popen(stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **words)
        output.close()
        self._supervisors.append(process)
        wait_until(lambda: process.poll() is not None or self.is_ready(process.pid), 30, self.output)
        assert process.poll() is None, self.output()
        return process

    def output(self) -> str:
        return (self.folder / "up.txt").read_text()

    def run_file(self) -> dict[str, Any]:
        return files.read_json(self.state / "run.json")

    def is_ready(self, pid: int) -> bool:
        run = self.run_file()
        return bool(run.get("ready")) and run.get("pid") == pid

    def pid(self, name: str) -> int:
        return int(self.run_file()["pids"][name])

    def kill_and_wait_for_next(self, name: str) -> None:
        """Kill a child of the supervisor; return when another one has its place."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.run_file()["pids"].get(name, pid) != pid, 15, self.output)

    def get(self) -> str:
        """Return the answer of the web server: the number of its main process."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def sql(self, text: str) -> str:
        """Run SQL as the owner on the running database."""
        instance: dict[str, Any] = files.read_json(self.state / "instance.json")
        password = instance["passwords"]["portal_owner"]
        psql = programs.packaged_binaries(self.folder / ".venv") / "bin" / "psql"
        return subprocess.run(
            [psql, "-h", self.run_file()["socket_folder"], "-U", "portal_owner", "-d", "portal", "-XAtqc", text],
            env={"PGPASSWORD": password, "PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip

    def leftovers(self) -> list[int]:
        """Return every live process of this checkout, its supervisors excepted."""
        self._note_mark()
        return [pid for pid in processes.process_ids() if processes.start_time(pid) and self._is_ours(pid)]

    def _note_mark(self) -> None:
        """Remember the id that the processes of this state bear: ``reset`` deletes the file that holds it."""
        mark = files.read_json(self.state / "instance.json").get("id")
        if mark:
            self._marks.add(str(mark))

    def _is_ours(self, pid: int) -> bool:
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            environment = b""
        words = " ".join(processes.command(pid))
        return any(f"PORTAL_SUPERVISED={mark}".encode() in environment or mark in words for mark in self._marks)

    def remove(self) -> None:
        """End everything and delete the database, however the test ended."""
        for process in self._supervisors:
            if process.poll() is None:
                process.kill()
            process.wait()
        self._note_mark()
        result = self.run("reset", "--yes")
        assert result.returncode == 0, result.stdout + result.stderr
        assert self.leftovers() == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], object], seconds: float, explain: Callable[[], str] = str) -> None:
    """Return when the condition holds; fail with the explanation when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {explain()}"
        time.sleep(0.05)


@contextmanager
def running(checkout: Checkout) -> Iterator[subprocess.Popen[str]]:
    process = checkout.up()
    yield process
    assert process.poll() is None, checkout.output()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, checkout.output()
