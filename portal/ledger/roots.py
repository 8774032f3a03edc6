"""The published roots as lines of JSON, of which everybody may keep a copy.

The first line is the JWK set of the keys, each further line is one day's root, a compact JWS. The copies hold no
row, no name and no count: each day's tree is padded, and the last day confirms all days before it.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.conf import settings

from portal.core.signing import Keys, NotSignedError, digest, jwk_set, keys_of, verified
from portal.core.strict_json import AmbiguousJsonError, read_strictly
from portal.ledger.days import TYPE
from portal.ledger.models import LedgerDay

CONTENT_TYPE = "application/jsonl"
FILE_NAME = "portal-ledger-roots.jsonl"


class BadRootsError(ValueError):
    """The error for a file that is no copy of published roots; the message says which line and why."""


@dataclass
class Roots:
    """A copy of published roots, read, with valid signatures."""

    keys: Keys = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # of each day's JWS, by day


def export_roots(after: date | None = None) -> Iterator[str]:
    """Yield the lines of a copy, of the days after `after`."""
    yield _line(jwk_set())
    days = LedgerDay.objects.filter(day__gt=after) if after else LedgerDay.objects.all()
    for day in days.order_by("day").iterator(chunk_size=1000):
        yield _line(day.jws)


def _line(value: dict[str, object] | str) -> str:
    return json.dumps(value) + "\n"


def read_roots(lines: Iterable[str], trusted: Keys) -> Roots:
    """Read a copy back. Its own keys are trusted beside `trusted`. Raises `BadRootsError`."""
    found = Roots()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _read_line(read_strictly(line), found, trusted)
        except (AmbiguousJsonError, NotSignedError, KeyError, TypeError, ValueError) as error:
            raise BadRootsError(f"Line {number} of the copy is not a published root: {error}") from error
    if not found.digests:
        raise BadRootsError("The copy holds no published root: the first one appears when its day (UTC) is over.")
    return found


def _read_line(value: object, found: Roots, trusted: Keys) -> None:
    if isinstance(value, dict):
        found.keys = keys_of(value) | trusted
        return
    payload = verified(TYPE, value, found.keys or trusted)
    found.digests[date.fromisoformat(payload["day"]).isoformat()] = digest(str(value))


def read_file(path: Path, trusted: Keys) -> Roots:
    """Read a copy from a file. Raises `BadRootsError`, naming the file."""
    try:
        with path.open(encoding="utf-8") as lines:
            return read_roots(lines, trusted)
    except (OSError, UnicodeDecodeError, BadRootsError) as error:
        raise BadRootsError(f"{path}: {error}") from error


def configured_copies() -> list[Path]:
    """Return the copies in the folder `LEDGER_ROOTS_DIR`. Raises `BadRootsError` if it is not a folder, or empty."""
    if not settings.LEDGER_ROOTS_DIR:
        return []
    folder = Path(settings.LEDGER_ROOTS_DIR)
    if not folder.is_dir():
        raise BadRootsError(f"LEDGER_ROOTS_DIR: {folder} is no folder. Mount the copies there, or unset it.")
    found = sorted(folder.glob("*.jsonl"))
    if not found:
        raise BadRootsError(f"LEDGER_ROOTS_DIR: {folder} holds no copy (*.jsonl). Put one there, or unset it.")
    return found
