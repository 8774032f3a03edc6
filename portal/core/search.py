"""Searching names whatever the form of their letters: "Duc Thang" finds "Đức Thắng", composed or decomposed."""

from typing import Any, TypeVar

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Lower

from portal.core.names import MARKS, PLAIN, STROKED, unmarked

Rows = TypeVar("Rows", bound="QuerySet[Any]")


class _Decomposed(Func):
    function = "normalize"
    template = "%(function)s(%(expressions)s, NFKD)"


def unmarked_column(name: str) -> Func:
    """Return a text column as `unmarked` writes it. It is computed for each row: narrow the rows by an index first."""
    letters = Func(_Decomposed(F(name)), Value(f"[{MARKS}]"), Value(""), Value("g"), function="regexp_replace")
    changes = (Value(STROKED + STROKED.upper()), Value(PLAIN + PLAIN))
    return Func(Lower(letters), *changes, function="translate", output_field=TextField())


def search(rows: Rows, words: str, *, names: tuple[str, ...], ids: tuple[str, ...] = ()) -> Rows:
    """Return the rows with a name that contains the words, or with an id that they are."""
    found = Q()
    for name in names:
        found |= Q(**{f"unmarked_{name}__contains": unmarked(words)})
    for one in ids:
        found |= Q(**{f"{one}__iexact": words})
    return rows.alias(**{f"unmarked_{name}": unmarked_column(name) for name in names}).filter(found)
