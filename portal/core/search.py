"""Search for names whatever the form of their letters: "Duc Thang" finds "Đức Thắng", composed or decomposed."""

from typing import Any, TypeVar

from django.db.models import Case, F, Func, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact

from portal.core.names import MARKS, PLAIN, STROKED, unmarked

Rows = TypeVar("Rows", bound="QuerySet[Any]")


class Decomposed(Func):
    """A text with its marks as characters of their own."""

    function = "normalize"
    template = "%(function)s(%(expressions)s, NFKD)"


def unmarked_text(text: Combinable) -> Case:
    """Return an expression that writes a text as `unmarked` does. It is immutable: a generated column may hold it."""
    letters = Func(Decomposed(text), Value(f"[{MARKS}]"), Value(""), Value("g"), function="regexp_replace")
    changes = (Value(STROKED + STROKED.upper()), Value(PLAIN + PLAIN))
    without = Func(Lower(letters), *changes, function="translate", output_field=TextField())
    size = Func(text, function="octet_length", output_field=IntegerField())
    return Case(When(Exact(size, Length(text)), then=Lower(text)), default=without, output_field=TextField())


def search(rows: Rows, words: str, *, names: tuple[str, ...], ids: tuple[str, ...] = (), also: Q | None = None) -> Rows:
    """Return the rows with a name that contains the words, or with an id that equals them, and those of `also`.

    A name may be another model's, such as `brand__name`. Factories have their own form of this, fast enough for their
    list: `factories.models.named`.

    Names are compared row by row, in some 20 µs where one has other letters than ASCII's: for the rows of one
    organisation, not of the whole programme.
    """
    found = also or Q()
    written = {f"unmarked_{name.replace('__', '_')}": unmarked_text(F(name)) for name in names}
    for name in written:
        found |= Q(**{f"{name}__contains": unmarked(words)})
    for one in ids:
        found |= Q(**{f"{one}__iexact": words})
    return rows.alias(**written).filter(found)
