"""JSON that somebody brings to be checked: refused where it could be read in two ways."""

import json
from typing import Any


class AmbiguousJsonError(ValueError):
    """The error for a text that is not JSON, or could be read in two ways; the message says why."""


def read_strictly(text: str) -> Any:
    """Return the document that `text` holds. Raises `AmbiguousJsonError`."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except AmbiguousJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise AmbiguousJsonError("It is not JSON.") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise AmbiguousJsonError("A name occurs in it twice.")
    return found
