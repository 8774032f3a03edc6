"""The canonical form of JSON documents (RFC 8785), so that a signature over one can be checked by anybody.

What we sign holds whole numbers below 2^53 and no fractions; a document that is brought to be checked is refused where
it could be read in two ways.
"""

import hashlib
import json
from typing import Any

import rfc8785


class NotCanonicalError(ValueError):
    """The error for a document that cannot be written in this form; the message says why."""


def canonical(value: Any) -> bytes:
    """Return the document in its canonical form. Raises `NotCanonicalError`."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise NotCanonicalError(f"It has no canonical form: {error}.") from error


def digest(value: object) -> str:
    """Return the SHA-256 of the document's canonical form, in hexadecimal. Raises `NotCanonicalError`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def read_strictly(text: str) -> Any:
    """Return the document that `text` holds. Raises `NotCanonicalError` where it could be read in two ways."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse)
    except NotCanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonicalError("It is not JSON.") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonicalError("A name occurs in it twice.")
    return found


def _refuse(_text: str) -> Any:
    raise NotCanonicalError("It holds a fraction.")
