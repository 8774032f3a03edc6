"""Keyset pages: lists of any length, the same cost on every page, never an OFFSET.

A cursor is the sort key of the last row, encrypted: it cannot be made up, and nobody reads from it how many rows there
are that they do not see. Its length does not reveal it either: a number is as long as the longest one, whatever it is.
It gives no access by itself, because the queryset that it is applied to already took the user.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from cryptography.fernet import InvalidToken
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from portal.core.encryption import box

M = TypeVar("M", bound=Model)
T = TypeVar("T")
# Returns rows in an order (the first argument) that come after values of its columns (None: from the start), at most
# so many of them.
Fetch = Callable[[Sequence[str], "Sequence[object] | None", int], "list[M]"]
PAGE_SIZE = 25
SALT = "portal.keyset"
LONGEST = len(str(-(2**63)))  # characters of the longest number in the database


class BadCursor(ValueError):  # noqa: N818
    """The error for a cursor not made by this portal, or made for another order. Start again from the first page."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows, with the cursors of its neighbours (empty string: there is none)."""

    items: list[T]
    next_cursor: str
    previous_cursor: str

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def keyset_page(
    rows: "QuerySet[M] | Fetch[M]", *, order: Sequence[str], cursor: str = "", size: int = PAGE_SIZE
) -> Page[M]:
    """Return the page of `rows` after (or before) `cursor`.

    `order` names columns that are never NULL, each with an optional "-", all in one direction, the last one unique.
    Raises `BadCursor`.
    """
    backwards, values = read_cursor(cursor, order)
    wanted = [_flip(name) for name in order] if backwards else list(order)
    fetch = rows if callable(rows) else lambda *asked: list(rows_after(rows, *asked))
    items = fetch(wanted, values, size + 1)
    more = len(items) > size
    items = items[:size]
    if backwards:
        items.reverse()
    has_next, has_previous = (True, more) if backwards else (more, values is not None)
    return Page(
        items,
        _cursor_at(items[-1], order, "next") if items and has_next else "",
        _cursor_at(items[0], order, "previous") if items and has_previous else "",
    )


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else "-" + name


def rows_after(
    rows: QuerySet[M], order: Sequence[str], values: Sequence[object] | None, most: int | None
) -> QuerySet[M]:
    """Return the first `most` rows (None: all), in an order, after the values of its columns (None: from the start)."""
    ordered = rows.order_by(*order)
    if values is None:
        return ordered[:most]
    try:
        return ordered.filter(_after(order, values))[:most]
    except (ValueError, TypeError, ValidationError) as error:  # a column of that name, of another type
        raise _of_another_list() from error


def _of_another_list() -> BadCursor:
    return BadCursor(_("This page link belongs to another list. Start again from the first page."))


def _after(order: Sequence[str], values: Sequence[object]) -> Q:
    """Return the condition for (a, b) after (x, y), written so that an index on the first column bounds the scan."""
    name, value = order[0], values[0]
    step = "lt" if name.startswith("-") else "gt"
    field = name.removeprefix("-")
    strictly = Q((f"{field}__{step}", value))
    if len(order) == 1:
        return strictly
    return Q((f"{field}__{step}e", value)) & (strictly | _after(order[1:], values[1:]))


def _attribute(item: object, path: str) -> object:
    for name in path.removeprefix("-").split("__"):
        item = getattr(item, name)
    return item


def _cursor_at(item: object, order: Sequence[str], direction: str) -> str:
    return write_cursor([_attribute(item, name) for name in order], order, direction)


def write_cursor(key: Sequence[object], order: Sequence[str], direction: str) -> str:
    """Return the cursor of what comes after ("next") or before ("previous") a sort key in an order."""
    values = [_plain(value) for value in key]
    filler = " " * sum(LONGEST - len(str(value)) for value in values if isinstance(value, int))
    cursor = json.dumps({"o": list(order), "v": values, "d": direction}) + filler
    return box(SALT).encrypt(cursor.encode()).decode().rstrip("=")


def _plain(value: object) -> str | int:
    return value.isoformat() if isinstance(value, date | datetime) else value if isinstance(value, int) else str(value)


def read_cursor(cursor: str, order: Sequence[str]) -> tuple[bool, list[object] | None]:
    """Return whether a cursor leads backwards, and its sort key; an empty one leads forwards, from None.

    Raises `BadCursor`.
    """
    if not cursor:
        return False, None
    try:
        payload = json.loads(box(SALT).decrypt(cursor + "=" * (-len(cursor) % 4)))
    except (InvalidToken, ValueError) as error:
        raise BadCursor(_("This page link is no longer valid. Start again from the first page.")) from error
    if payload["o"] != list(order):
        raise _of_another_list()
    return payload["d"] == "previous", payload["v"]
