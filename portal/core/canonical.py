"""One way to write a JSON document down, so that a signature over it can be checked by anybody.

The form is that of RFC 8785 (JSON Canonicalization Scheme) for the documents that we sign, which hold no fractions:

1. The bytes are UTF-8, without a byte order mark, without white space between tokens.
2. An object's members stand in the order of their names by UTF-16 code units; each name stands once.
3. An array keeps its order.
4. A whole number is written in decimal, without leading zeros, plus sign or exponent; its size is below 2^53.
   Fractions, NaN and Infinity are refused.
5. `true`, `false` and `null` are written so.
6. A string stands in double quotes. `"` and `\\` are escaped by a backslash; the control characters below U+0020 as
   `\\b \\t \\n \\f \\r` or else as `\\u00xx` in lower case; everything else, `/` and U+007F included, stands as it is.
   Strings are not normalised; half a surrogate pair is refused.
"""

import hashlib
import json
from typing import Any

LARGEST = 2**53 - 1
DEEPEST = 20


class NotCanonicalError(ValueError):
    """The document cannot be written in this form; the message says why."""


def canonical(value: Any) -> bytes:
    """The document in its one form. Raises `NotCanonicalError`."""
    try:
        return json.dumps(_ordered(value, 0), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as error:
        raise NotCanonicalError("It holds half a surrogate pair.") from error


def digest(value: Any) -> str:
    """The SHA-256 of the document's one form, in hexadecimal. Raises `NotCanonicalError`."""
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
    """The document that `text` holds. Raises `NotCanonicalError` where two readers could read two things into it."""
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
