"""A canonical form of JSON documents, so that a signature over one can be checked by anybody.

The form is that of RFC 8785 (JSON Canonicalization Scheme) for the documents that we sign, which hold no fractions:

1. The bytes are UTF-8, without a byte order mark, without white space between tokens.
2. An object's members are in the order of their names by UTF-16 code units; each name occurs once.
3. An array keeps its order.
4. A whole number is written in decimal, without leading zeros, plus sign or exponent; its size is below 2^53.
   Fractions, NaN and Infinity are refused.
5. `true`, `false` and `null` are written so.
6. A string is in double quotes. `"` and `\\` are escaped by a backslash; the control characters below U+0020 as
   `\\b \\t \\n \\f \\r` or else as `\\u00xx` in lower case; everything else, `/` and U+007F included, is not escaped.
   Strings are not normalised; half a surrogate pair is refused.
"""

import hashlib
import json
from typing import Any

LARGEST = 2**53 - 1
DEEPEST = 20


class NotCanonicalError(ValueError):
    """The error for a document that cannot be written in this form; the message says why."""


def canonical(value: Any) -> bytes:
    """Return the document in its canonical form. Raises `NotCanonicalError`."""
    try:
        return json.dumps(_ordered(value, 0), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise NotCanonicalError("It holds half a surrogate pair.") from error


def digest(value: Any) -> str:
    """Return the SHA-256 of the document's canonical form, in hexadecimal. Raises `NotCanonicalError`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _ordered(value: Any, depth: int) -> Any:
    if depth > DEEPEST:
        raise NotCanonicalError("It is nested too deeply.")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise NotCanonicalError("It holds a number that is too large.")
        return value
    if isinstance(value, dict):
        names = sorted(value, key=_utf_16)
        return {name: _ordered(value[name], depth + 1) for name in names}
    if isinstance(value, list | tuple):
        return [_ordered(item, depth + 1) for item in value]
    raise NotCanonicalError("It holds a fraction, or something that JSON does not know.")


def _utf_16(name: Any) -> bytes:
    if not isinstance(name, str):
        raise NotCanonicalError("A name is not text.")
    return name.encode("utf-16-be", "surrogatepass")


def read_strictly(text: str) -> Any:
    """Return the document that `text` holds. Raises `NotCanonicalError` where it could be read in two ways."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_float=_refuse, parse_constant=_refuse)
    except NotCanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonicalError("It is not JSON.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonicalError("A name stands in it twice.")
    return found


def _refuse(_text: str) -> Any:
    raise NotCanonicalError("It holds a fraction.")
