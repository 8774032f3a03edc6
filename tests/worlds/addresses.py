"""What is asked: the addresses of the access matrix, their filters, and those that only a hidden fact has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from django.urls import get_resolver
from django.utils.http import urlencode
from rest_framework import serializers

from tests.matrix.table import ROWS, Row
from tests.test_access_matrix import ADDRESSES
from tests.worlds.people import PROGRAMS, Scene

ANSWERED = "+"
OF_THE_MACHINE = ("health_ready",)  # says whether worker and beat live: in a frozen world they do not
# How pages of lists are narrowed and sorted. Those of the API are read from its views.
PAGE_FILTERS: dict[str, list[dict[str, Any]]] = {
    "shared_list": [
        {"q": "tonle"},
        {"country": "KH"},
        {"cycle": 1},
        {"cycle": 3},
        {"year": 2025},
        {"cluster": "Working Time"},
        {"cluster": "No such"},
        {"cursor": "bad"},
    ],
    "brand_requests": [{"q": "tonle"}, *({"state": state} for state in ("open", "approved", "declined", "lapsed"))],
    "ask_search": [{"q": "KH-0001"}, {"q": "mekong"}, {"q": "nobody"}],
    "what_we_read": [{"scope": "report"}, {"action": "view"}, {"cycle": 1}, {"format": "csv"}],
    "brand_receipts": [{"number": "0"}],
    "supplier_list": [{"q": "tonle"}],
    "explain": [{"cycle": cycle, "scope": "report"} for cycle in (1, 2, 3, 5)],
    "receipt": [{"copy": "brand"}],
}


@dataclass(frozen=True)
class Address:
    """Where who asks; `row` is the row of the matrix that stands for it, "" for a filter or what only one fact has."""

    row: str
    url: str
    people: tuple[str, ...]


def addresses(scene: Scene, audience: tuple[str, ...], *, whole: bool) -> Iterator[Address]:
    """Yield what is asked. `whole`: by everybody; and by one of them, with filters and what none of them gets."""
    for row in (row for row in ROWS if row.method == "GET" and row.name not in OF_THE_MACHINE):
        answered = answered_people(row, audience)
        url, everybody = scene.address(row.name, row.place), able_to_ask(row.name, audience)
        if whole:
            yield Address(_label(row), url, everybody if answered else (_one_of(everybody, url),))
            for query in _filters(row.name) if answered else ():
                narrowed = f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
                yield Address("", narrowed, (_one_of(answered, narrowed),))
        elif answered:
            yield Address(_label(row), url, (_one_of(answered, url),))


def of_hidden(url: str, audience: tuple[str, ...], *, whole: bool) -> Address:
    """Return an address that only one fact has."""
    able = able_to_ask("api:" if url.startswith("/api/") else "", audience)
    return Address("", url, able if whole else (_one_of(able, url),))


def expected(audience: tuple[str, ...]) -> set[str]:
    """Return the rows of the matrix that one of the audience is to be answered."""
    return {
        _label(row)
        for row in ROWS
        if row.method == "GET" and row.name not in OF_THE_MACHINE and answered_people(row, audience)
    }


def able_to_ask(name: str, audience: tuple[str, ...]) -> tuple[str, ...]:
    """Return who of the audience can ask at all: programs know the API only."""
    return tuple(one for one in audience if name.startswith("api") or one not in PROGRAMS)


def answered_people(row: Row, audience: tuple[str, ...]) -> list[str]:
    """Return who of the audience gets it, as far as the matrix knows them."""
    return [one for one in able_to_ask(row.name, audience) if row.cells.get(one) == ANSWERED]


def _one_of(people: Sequence[str], url: str) -> str:
    """Return whose turn it is at an address: another one's at the next."""
    return people[crc32(url.encode()) % len(people)]


def _label(row: Row) -> str:
    return f"{row.name} {row.place}"


def _filters(name: str) -> list[dict[str, Any]]:
    view = getattr(ADDRESSES[name].callback, "cls", None)
    query = getattr(view, "query_class", None)
    if query is None:
        return PAGE_FILTERS.get(name, [])
    return [{name: value} for name, field in query().fields.items() for value in _values(field)]


def _values(field: serializers.Field[Any, Any, Any, Any]) -> list[Any]:
    """Values that a parameter takes."""
    if isinstance(field, serializers.ChoiceField):
        return list(field.choices)[:6]
    if isinstance(field, serializers.BooleanField):
        return ["true", "false"]
    if isinstance(field, serializers.IntegerField):
        return [1, 3]
    if isinstance(field, serializers.UUIDField):
        return ["00000000-0000-0000-0000-000000000007"]
    return ["tonle", "2026-03"]


def is_page_of_list(url: str) -> bool:
    """Whether an address of the API takes a cursor."""
    view = getattr(get_resolver().resolve(url.partition("?")[0]).func, "cls", None)
    query = getattr(view, "query_class", None)
    return query is not None and "cursor" in query().fields
