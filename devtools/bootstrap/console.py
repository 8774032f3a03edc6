"""What is printed, and programs that run on our terminal."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from devtools.bootstrap import places
from devtools.embedded.processes import die_with_parent


class Stop(Exception):
    """The command cannot go on; the message is a sentence that says why and what to do."""


class Refused(Stop):
    """A management command declined, for a reason that it gave."""


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or the end of the terminal."""


def say(text: str = "", end: str = "\n") -> None:
    """Print; a terminal that is gone must not keep us from ending what we started."""
    with contextlib.suppress(OSError):
        print(text, end=end, flush=True)


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Print what is being done, then how many seconds it took."""
    say(f"  {label} ... ", end="")
    started = time.monotonic()
    try:
        yield
    except BaseException:
        say("failed")
        raise
    say(f"{time.monotonic() - started:.1f} s")


def interrupt(number: int, _frame: object) -> None:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    raise Interrupted("Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name)


INTERRUPTIONS: list[int] = []  # one entry per Ctrl-C that a program of ours got


def run_through(arguments: list[str], environment: dict[str, str]) -> int:
    """Run a program on our terminal and return its exit code; Ctrl-C goes to it, and it decides."""
    process = subprocess.Popen(arguments, env=environment, cwd=places.ROOT, preexec_fn=die_with_parent(signal.SIGTERM))
    previous = signal.signal(signal.SIGINT, lambda *_: INTERRUPTIONS.append(1))
    try:
        return process.wait()
    except Interrupted:
        process.terminate()
        process.wait()
        raise
    finally:
        signal.signal(signal.SIGINT, previous)


@contextlib.contextmanager
def in_background(arguments: list[str], environment: dict[str, str]) -> Iterator[Callable[[], int]]:
    """Run a program beside others; yield what waits for it, prints all that it said and returns its exit code."""
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            arguments, env=environment, cwd=places.ROOT, stdout=output, stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )  # fmt: skip

        def result() -> int:
            code = process.wait()
            output.seek(0)
            say(output.read(), end="")
            return code

        try:
            yield result
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


def clock() -> str:
    return time.strftime("%H:%M:%S")


def relative(path: Path) -> str:
    return os.path.relpath(path) if Path.cwd().is_relative_to(places.ROOT) else str(path)
