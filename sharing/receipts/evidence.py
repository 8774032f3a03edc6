"""What somebody brings to have a receipt checked: the signed document in a PDF, or the code in a photo.

Files come from strangers. They are read in memory, within limits, and neither stored nor logged. Photos are decoded
in a short-lived process of its own (`photo_worker.py`), one at a time in the whole installation: strangers would hold
every web process with photos that are slow on purpose.
"""

import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs

from django.urls import reverse

from portal.core.turns import only_turn
from sharing.receipts.checking import LONGEST

LARGEST = 5 * 1024**2
MOST_PIXELS = 25_000_000
SEARCHED_SIDE = 1600
PHOTO_SECONDS = 2
PHOTO_MEMORY = 1024**3
MOST_ATTACHMENTS = 20
DICTIONARY_BYTES = 1000  # between the name of a stream's kind and its start
PHOTO_TURN = 1  # the number of the one turn at reading a photo (`only_turn`)
WORKER = Path(__file__).parent / "photo_worker.py"


class Kind(StrEnum):
    """The kinds of files that are read, by their first bytes."""

    PDF = "pdf"
    PHOTO = "photo"
    TEXT = "text"


class Unread(StrEnum):
    """Why nothing could be checked in a file."""

    NO_RECEIPT = "no_receipt"
    SEVERAL_IN_PDF = "several_in_pdf"
    BROKEN = "broken"
    PIXELS = "pixels"
    TOO_HARD = "too_hard"
    BUSY = "busy"
    NO_CODE = "no_code"
    OTHER_CODE = "other_code"
    SEVERAL_CODES = "several_codes"


class UnreadError(Exception):
    """The error for a file in which there is nothing to check, with the reason."""

    def __init__(self, reason: Unread) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Code:
    """The content of a receipt's QR code: the portal's address that it names, the number and the fingerprint."""

    origin: str
    number: str
    fingerprint: str


def kind_of(content: bytes) -> Kind | None:
    """Return the kind of a file; None for one that is not read."""
    if b"%PDF-" in content[:1024]:
        return Kind.PDF
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (content[:4], content[8:12]) == (
        b"RIFF",
        b"WEBP",
    ):
        return Kind.PHOTO
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return Kind.TEXT


def document_in(pdf: bytes) -> str:
    """Return the signed document that is attached to the PDF of a receipt. Raises `UnreadError`."""
    found = {content for content in _attachments(pdf) if b'"payload"' in content and b'"signature"' in content}
    if len(found) > 1:
        raise UnreadError(Unread.SEVERAL_IN_PDF)
    if not found:
        raise UnreadError(Unread.NO_RECEIPT)
    return found.pop().decode(errors="replace")


def _attachments(pdf: bytes) -> Iterator[bytes]:
    """Return the attached files, none longer than a receipt.

    The dictionary of such a stream is always in plain text, so that no PDF need be parsed: a parser for strangers'
    files would be the larger risk.
    """
    after = 0
    for _attempt in range(MOST_ATTACHMENTS):
        after = pdf.find(b"/EmbeddedFile", after) + 1
        if not after:
            return
        start = pdf.find(b"stream", after, after + DICTIONARY_BYTES)
        if start >= 0:
            yield _content(pdf[start + len(b"stream") :].lstrip(b"\r\n"))


def _content(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream, LONGEST)
    except zlib.error:  # not compressed, or encrypted
        return stream[:LONGEST].partition(b"endstream")[0]


def code_in(photo: bytes) -> Code:
    """Return the one code of a receipt in a photo. Raises `UnreadError`."""
    texts = _codes(photo)
    found = {code for code in map(code_of, texts) if code}
    if len(found) > 1:
        raise UnreadError(Unread.SEVERAL_CODES)
    if not found:
        raise UnreadError(Unread.OTHER_CODE if texts else Unread.NO_CODE)
    return found.pop()


def code_of(text: str) -> Code | None:
    """Return what a code says, if it is built like that of a receipt."""
    origin, _path, query = text.partition(reverse("verify") + "?")
    given = parse_qs(query)
    if given.keys() != {"number", "print"}:
        return None
    return Code(origin, given["number"][0], given["print"][0])


def _codes(photo: bytes) -> list[str]:
    limits = (str(limit) for limit in (PHOTO_SECONDS, PHOTO_MEMORY, MOST_PIXELS, SEARCHED_SIDE))
    command = [sys.executable, "-I", str(WORKER), *limits]
    with only_turn(PHOTO_TURN) as is_free:
        if not is_free:
            raise UnreadError(Unread.BUSY)
        done = subprocess.run(command, input=photo, capture_output=True, env={}, start_new_session=True, check=False)  # noqa: S603 (our own interpreter on our own file)
    if done.returncode != 0:  # the kernel ended it
        raise UnreadError(Unread.TOO_HARD)
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise UnreadError(Unread(answer["refused"]))
    return list(answer["codes"])
