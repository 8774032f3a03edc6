"""Forms of the pages on which a factory decides: the search among brands, and what is shared with those chosen."""

from datetime import datetime
from typing import Any, Protocol, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.core.days import Place
from portal.core.names import unmarked
from portal.ui.forms import ListFilter
from sharing.grants.forms.granting import GrantForm


class Named(Protocol):
    """What is searched by the names of a brand."""

    @property
    def names(self) -> list[str]:
        """The present name and the former ones."""


Row = TypeVar("Row", bound=Named)


class BrandSearch(ListFilter):
    """The search among brands by name."""

    q = forms.CharField(label=_("Brand"), max_length=100, required=False)

    def narrow(self, rows: list[Row]) -> list[Row]:
        """Return the rows whose brand, under its present or a former name, contains the words."""
        if self.errors:
            return []
        words = unmarked(self.asked("q") or "")
        return [row for row in rows if any(words in unmarked(name) for name in row.names)]


class SheetForm(GrantForm):
    """The kinds of data and the terms of access for brands that were chosen before."""

    brands = None  # type: ignore[assignment]

    def __init__(self, *args: Any, place: Place, ends: datetime | None = None, **kwargs: Any) -> None:
        super(GrantForm, self).__init__(*args, place=place, ends=ends, **kwargs)
