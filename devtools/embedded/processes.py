"""Processes: which one a number means now, and signals that reach no other."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from devtools.embedded.accounts import Account

LINUX = sys.platform.startswith("linux")


def start_time(pid: int) -> str:
    """Return what identifies this life of the process number, or "" when there is no such process (or a zombie)."""
    if not LINUX:
        return _ps(pid, "lstart=")
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def command(pid: int) -> list[str]:
    """Return the process's command line as words ([] when it is gone or not ours to read)."""
    if not LINUX:
        return _ps(pid, "command=").split()
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0")


def _ps(pid: int, column: str) -> str:
    result = subprocess.run(["ps", "-ww", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)
    return result.stdout.strip()


def process_ids() -> list[int]:
    """Return the numbers of all processes that can be seen."""
    if LINUX:
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208
    result = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=False)
    return [int(word) for word in result.stdout.split()]


def works_in(pid: int, folder: Path, name: str) -> bool:
    """Return whether the process is a PostgreSQL server process of the cluster ``name`` in ``folder``.

    The command line decides (root in a container may not look at another user's working directory), then the
    working directory, which stays right when the checkout was renamed.
    """
    words = command(pid)
    if not words or Path(words[0].split(":")[0]).name != "postgres":
        return False
    if words[0].startswith(f"postgres: {name}: "):
        return True
    line = " ".join(words)
    if f" -D {folder} " in line and f"cluster_name={name}" in line:
        return True
    try:
        return LINUX and os.path.samefile(f"/proc/{pid}/cwd", folder)  # noqa: PTH121
    except OSError:
        return False


def server_processes(folder: Path, name: str) -> list[int]:
    """Return every live PostgreSQL process of the cluster."""
    return [pid for pid in process_ids() if works_in(pid, folder, name) and start_time(pid)]


def send(pid: int, number: int, is_ours: Callable[[int], bool]) -> bool:
    """Signal the process if ``is_ours`` says so, with no moment between the check and the signal on Linux.

    Returns False when there was nothing to signal.
    """
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if not is_ours(pid):
                return False
            signal.pidfd_send_signal(handle, number)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True
    try:
        if is_ours(pid):
            os.kill(pid, number)
            return True
    except OSError:
        pass
    return False


def end(pids: Callable[[], list[int]], is_ours: Callable[[int], bool], steps: Sequence[tuple[int, float]]) -> bool:
    """End the processes that ``pids`` returns: each (signal, seconds to wait) in turn until none is left."""
    for number, seconds in steps:
        for pid in pids():
            send(pid, number, is_ours)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not pids():
                return True
            time.sleep(0.05)
    return not pids()


_LIBC = ctypes.CDLL(None, use_errno=True) if LINUX else None


def die_with_parent(number: int) -> Callable[[], None]:
    """Return what a new child runs so that the kernel sends it the signal when this process dies (Linux)."""
    parent = os.getpid()

    def setup() -> None:
        if _LIBC is not None:
            _LIBC.prctl(1, number, 0, 0, 0)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return setup


def child_setup(death_signal: int, account: "Account | None" = None) -> Callable[[], None]:
    """Return what a new child runs before its program: own session, usual signals, other uid, death signal."""
    die = die_with_parent(death_signal)

    def setup() -> None:
        os.setsid()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGPIPE", "SIGQUIT"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if account is not None:
            account.become()
        die()  # last: a change of uid undoes it

    return setup
