"""The page of a list that an address asks for."""

from collections.abc import Sequence
from typing import TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.core.pages import BadCursor, Fetch, Page, keyset_page

M = TypeVar("M", bound=Model)


def requested_page(request: HttpRequest, rows: "QuerySet[M] | Fetch[M]", order: Sequence[str]) -> Page[M]:
    """The page of `rows` after the cursor in the address; the first one, with a word, where the cursor is not valid."""
    try:
        return keyset_page(rows, order=order, cursor=request.GET.get("cursor", ""))
    except BadCursor:
        messages.warning(request, _("That page link is not valid any more. This is the first page."))
        return keyset_page(rows, order=order)
