"""Processes of ours: those that run, and those that a killed supervisor left behind."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devtools.bootstrap import places
from devtools.bootstrap.console import Stop, say
from devtools.bootstrap.instance import leaked_server, throwaway_place
from devtools.embedded.errors import DatabaseError
from devtools.embedded.files import read_json, rotate, write_private
from devtools.embedded.processes import LINUX, child_setup, command, end, process_ids, start_time
from devtools.embedded.server import Server
from devtools.embedded.sockets import empty_socket_folder
from devtools.embedded.throwaways import sweep_throwaways


class Child:
    """A program that is started again when it ends."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: dict[str, str],
        death_signal: int,
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.death_signal = death_signal
        self.pass_fds = pass_fds
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.failures = 0
        self.start_at = 0.0

    def start(self) -> None:
        log = places.LOGS / f"{self.name}.log"
        rotate(log)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=places.ROOT, env=self.environment,
                pass_fds=self.pass_fds, preexec_fn=child_setup(self.death_signal),
            )  # fmt: skip
        self.started = time.monotonic()

    def is_ended(self) -> bool:
        """Return whether it has ended; what is left of its process group is killed before its number is given back."""
        if self.process is None or self.process.returncode is not None:
            return True
        if hasattr(os, "waitid"):
            if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return False
            self.kill_group()
        return self.process.poll() is not None

    def kill_group(self) -> None:
        with contextlib.suppress(OSError):
            if self.process is not None:
                os.killpg(self.process.pid, signal.SIGKILL)

    def plan_restart(self) -> float:
        """Return the seconds until it may start again: longer each time, short again after half a minute of life."""
        self.failures = 0 if time.monotonic() - self.started > 30 else self.failures + 1
        delay = min(30.0, 0.25 * 2.0**self.failures)
        self.start_at = time.monotonic() + delay
        self.process = None
        return delay

    def ask_to_end(self) -> None:
        if self.process is not None and not self.is_ended():
            self.process.terminate()

    def reason(self) -> str:
        code = self.process.returncode if self.process is not None else 0
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def is_supervised(pid: int, mark: str) -> bool:
    """Return whether the process was started by a supervisor of this checkout (or descends from one that was)."""
    if LINUX:
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
        return f"PORTAL_SUPERVISED={mark}".encode() in environment
    line = " ".join(command(pid))
    return f"gunicorn portal.wsgi --name {mark} " in line or f"-A portal worker -n {mark}@" in line


def end_leftovers(mine: dict[str, Any]) -> int:
    """End the web and worker processes that a killed supervisor left behind; return how many there were."""

    def left() -> list[int]:
        return [pid for pid in process_ids() if is_supervised(pid, mine["id"]) and start_time(pid)]

    found = left()
    steps = [(signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)]
    if found and not end(left, lambda pid: is_supervised(pid, mine["id"]), steps):
        raise Stop(f"Processes of an earlier run do not end ({found}): end them, then run this again.")
    return len(found)


def clear_socket_folder(run: dict[str, Any]) -> None:
    """Remove the socket's folder of an earlier run; it holds nothing but the socket and its lock."""
    name = run.get("socket_folder")
    if not name:
        return
    with contextlib.suppress(OSError):
        empty_socket_folder(Path(str(name)))
        Path(str(name)).rmdir()


def clear_leftovers(mine: dict[str, Any]) -> None:
    count = end_leftovers(mine)
    count += leaked_server(mine).end_leaked()
    clear_socket_folder(read_json(places.STATE / "run.json"))
    (places.STATE / "run.json").unlink(missing_ok=True)
    with contextlib.suppress(DatabaseError):  # without packages there is nothing to sweep them with
        sweep_throwaways(throwaway_place, places.STATE / "throwaway")
    if count:
        say(f"  Ended {count} process{'es' if count > 1 else ''} that an earlier, killed run left behind.")


def write_run(mode: str, server: Server, **more: object) -> None:
    value = {
        "mode": mode, "pid": os.getpid(), "started": start_time(os.getpid()),
        "socket_folder": str(server.socket_folder), **more,
    }  # fmt: skip
    write_private(places.STATE / "run.json", json.dumps(value, indent=1))


def running() -> dict[str, Any]:
    """Return what the lock's holder wrote about itself, {} when it wrote nothing yet or is gone."""
    run = read_json(places.STATE / "run.json")
    pid = run.get("pid")
    alive = isinstance(pid, int) and start_time(pid) == run.get("started")
    return run if alive else {}


def wait_for(condition: Callable[[], Any], seconds: float) -> Any:
    """Return the condition's first true value, or its last one when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.05)
