"""The published roots as lines of JSON, of which everybody may keep a copy.

The first line names the keys, each further line is one day's root with its signature. The copies hold no row, no name
and no count: each day's tree is padded, and the last day confirms all days before it.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from portal.core.canonical import NotCanonicalError, digest, read_strictly
from portal.core.signing import is_signed_by, known_keys
from portal.ledger.days import TYPE, day_as_signed
from portal.ledger.models import LedgerDay

CONTENT_TYPE = "application/jsonl"
FILE_NAME = "portal-ledger-roots.jsonl"


class BadRootsError(ValueError):
    """The error for a file that is no copy of published roots; the message says which line and why."""


@dataclass
class Roots:
    """A copy of published roots, read, with valid signatures."""

    keys: dict[str, bytes] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)  # of each day's payload, by day


def export_roots(after: date | None = None) -> Iterator[str]:
    """Yield the lines of a copy, of the days after `after`."""
    yield _line({"type": "portal.ledger-roots", "version": 1, "keys": [key.described() for key in known_keys()]})
    days = LedgerDay.objects.filter(day__gt=after) if after else LedgerDay.objects.all()
    for day in days.order_by("day").iterator(chunk_size=1000):
        yield _line(day_as_signed(day))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def read_roots(lines: Iterable[str], trusted: dict[str, bytes]) -> Roots:
    """Read a copy back. Its own keys are trusted where `trusted` has none of that id. Raises `BadRootsError`."""
    found = Roots()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _read_line(read_strictly(line), found, trusted)
        except (NotCanonicalError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadRootsError(f"Line {number} of the copy is not a published root: {error}") from error
    if not found.digests:
        raise BadRootsError("The copy holds no published root: the first one appears when its day (UTC) is over.")
    return found


def _read_line(value: Any, found: Roots, trusted: dict[str, bytes]) -> None:
    if value.get("type") == "portal.ledger-roots":
        found.keys = {key["key_id"]: base64.b64decode(key["public_key"]) for key in value["keys"]} | trusted
        return
    payload = value["payload"]
    key = (found.keys or trusted).get(value["key_id"])
    if payload["type"] != TYPE or key is None or not is_signed_by(key, payload, value["signature"]):
        raise ValueError(f"day {payload['day']} is not signed by a key that is known")
    found.digests[date.fromisoformat(payload["day"]).isoformat()] = digest(payload)


def read_file(path: Path, trusted: dict[str, bytes]) -> Roots:
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
