"""PDF files, each from one template and one payload of ready words.

Typst runs in a short-lived process of its own (`typst_worker.py`) with a time and a memory limit. Its input is JSON;
what people wrote is text there, never markup.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

WORKER = Path(__file__).parent / "typst_worker.py"
MEMORY_LIMIT = 2 * 1024**3  # bytes of address space; a report of 300 questions takes a fraction of it
POLL_SECONDS = 0.2
# A longer unbroken run could not fit a line: it gets places where it may break.
LONGEST_WORD = 30

ShouldCancel = Callable[[], bool]


class RenderError(Exception):
    """The error for a document that could not be made."""


class RenderCancelledError(RenderError):
    """The error after `should_cancel` said to stop; nothing was made."""


class RenderTimeoutError(RenderError):
    """The error for a renderer that took longer than its limit and was ended."""


def compile_pdf(
    template: Path, data: dict[str, object], *, timestamp: int, should_cancel: ShouldCancel, timeout: float
) -> bytes:
    """Return the PDF that a Typst template makes of a payload.

    `timestamp` (seconds since 1970) is printed as its creation date, so the same payload gives the same bytes.
    `should_cancel` is asked five times a second; `timeout` is in seconds. Raises `RenderCancelledError`,
    `RenderTimeoutError`, or `RenderError` with what Typst said.
    """
    limits = [str(int(timeout) + 5), str(MEMORY_LIMIT), str(timestamp)]
    command = [sys.executable, "-I", str(WORKER), str(template), *limits]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:  # noqa: S603 (our own interpreter on our own file)
        try:
            pdf, said = _wait(process, json.dumps(data).encode(), should_cancel, time.monotonic() + timeout)
        finally:
            process.kill()
    if process.returncode != 0:
        raise RenderError(said.decode(errors="replace").strip() or f"Typst ended with {process.returncode}.")
    return pdf


def _wait(
    process: subprocess.Popen[bytes], data: bytes, should_cancel: ShouldCancel, deadline: float
) -> tuple[bytes, bytes]:
    unsent: bytes | None = data  # communicate() keeps what it was given the first time
    while True:
        if should_cancel():
            raise RenderCancelledError
        if time.monotonic() > deadline:
            raise RenderTimeoutError("The document took too long to make.")
        try:
            return process.communicate(unsent, timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            unsent = None


def breakable(text: str) -> str:
    """Return the text with places to break in words that could not fit a line."""
    return " ".join(_broken(word) if len(word) > LONGEST_WORD else word for word in text.split(" "))


def _broken(word: str) -> str:
    if not word.isascii():  # other scripts join letters, or have their own places to break
        return word
    return "\u200b".join(word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD))
