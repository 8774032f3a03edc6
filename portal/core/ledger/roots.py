"""The signed roots as lines of JSON: what a constituent keeps a copy of.

The first line names the keys, each further line is one seal with its signature. The copies hold no row, no name and,
thanks to each tree's secret first leaf, nothing from which a row could be guessed.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.core.canonical import NotCanonicalError, digest, read_strictly
from portal.core.models import LedgerSeal
from portal.core.signing import is_signed_by, known_keys

CONTENT_TYPE = "application/jsonl"
FILE_NAME = "portal-ledger-roots.jsonl"


class BadRootsError(ValueError):
    """The file is no copy of signed roots; the message says which line and why."""


@dataclass
class Roots:
    """A copy of signed roots, read and found signed."""

    keys: dict[str, bytes] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)  # of each seal's payload, by number


def export_roots(after: int = 0) -> Iterator[str]:
    """The lines of a copy, of the seals after one number."""
    yield _line({"type": "portal.ledger-roots", "version": 1, "keys": [key.described() for key in known_keys()]})
    for seal in LedgerSeal.objects.filter(number__gt=after).order_by("number").iterator(chunk_size=1000):
        yield _line({"payload": seal.payload, "key_id": seal.key_id, "signature": seal.signature})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def read_roots(lines: Iterable[str], trusted: dict[str, bytes]) -> Roots:
    """Read a copy back. Its own keys are believed where `trusted` has none of that id. Raises `BadRootsError`."""
    found = Roots()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            _read_line(read_strictly(line), found, trusted)
        except (NotCanonicalError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadRootsError(f"Line {number} of the copy is not a signed root: {error}") from error
    if not found.digests:
        raise BadRootsError("The copy holds no signed root.")
    return found


def _read_line(value: Any, found: Roots, trusted: dict[str, bytes]) -> None:
    if value.get("type") == "portal.ledger-roots":
        found.keys = {key["key_id"]: base64.b64decode(key["public_key"]) for key in value["keys"]} | trusted
        return
    payload = value["payload"]
    key = (found.keys or trusted).get(value["key_id"])
    if key is None or not is_signed_by(key, payload, value["signature"]):
        raise ValueError(f"seal {payload['number']} is not signed by a key that is known")
    found.digests[payload["number"]] = digest(payload)
