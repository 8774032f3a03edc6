"""The page of a list that an address requests, and how many rows there are, counted up to a limit."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from portal.core.pages import BadCursor, Fetch, Page, keyset_page

M = TypeVar("M", bound=Model)
T = TypeVar("T")
COUNT_LIMIT = 1000


def requested_page(request: HttpRequest, rows: "QuerySet[M] | Fetch[M]", order: Sequence[str]) -> Page[M]:
    """Return the page of `rows` after the cursor in the address; the first one, with a message, if it is invalid."""
    return page_at_cursor(request, lambda cursor: keyset_page(rows, order=order, cursor=cursor))


def page_at_cursor(request: HttpRequest, page: Callable[[str], Page[T]]) -> Page[T]:
    """Return what `page` gives for the cursor in the address; for none, with a message, if it is invalid."""
    try:
        return page(request.GET.get("cursor", ""))
    except BadCursor:
        messages.warning(request, _("That page link is no longer valid. This is the first page."))
        return page("")


def capped(rows: QuerySet[M]) -> "QuerySet[M, object]":
    """Return the keys of the first rows, one more than the limit of the count."""
    return rows.order_by().values("pk")[: COUNT_LIMIT + 1]


def capped_count(rows: QuerySet[Model]) -> int:
    """Return how many rows there are, counted no further than one past `COUNT_LIMIT`."""
    return capped(rows).count()


def shown_count(number: int) -> str:
    """Return a capped count as text: "1,000+" where there are more."""
    shown = number_format(min(number, COUNT_LIMIT), force_grouping=True)
    return f"{shown}+" if number > COUNT_LIMIT else shown
