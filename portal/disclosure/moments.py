"""Forms that ask about a cycle's report at a moment."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, cast

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from brands.models import Brand
from factories.models import Factory
from factories.roles import FACTORY
from portal.accounts.models import User
from portal.accounts.roles import members
from portal.accounts.sides import Side
from portal.core.days import SHORTEST, Place, end_of, moment_at, today
from portal.ui.forms import NOT_OFFERED
from sharing.access import ASSESSMENT_SCOPES
from sharing.models import AccessRecord, Scope, SharingGrant
from sharing.terms import MAX_CYCLE

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
WRONG_YEAR = _("Choose a day between 2000 and 2099.")
LINES_SEARCHED = 1000
SCOPES = [(scope, Scope(scope).label) for scope in ASSESSMENT_SCOPES]


def moment_asked(day: date, at: time | None, place: Place) -> datetime | None:
    """Return the moment that a day, with or without a time, means at a place, in UTC (R54).

    Without a time it is the end of that day; None, which means now, where that day is today.
    """
    if at is not None:
        return moment_at(day, at, place)
    return None if day == today(place) else end_of(day, place) - SHORTEST


class MomentForm(forms.Form):
    """A form for a cycle, a scope and a moment at `place`, the factory. `moment()` is None for now."""

    cycle = forms.IntegerField(label=_("Cycle"), min_value=1, max_value=MAX_CYCLE)
    scope = forms.ChoiceField(label=_("Data"), choices=SCOPES, error_messages={"invalid_choice": NOT_OFFERED})
    day = forms.DateField(
        label=_("Day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(FIRST_DAY, WRONG_YEAR), MaxValueValidator(LAST_DAY, WRONG_YEAR)],
        help_text=_("Leave this empty to use the present moment."),
    )
    time = forms.TimeField(
        label=_("Time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}),
        help_text=_("Leave this empty to use the end of that day."),
    )

    def __init__(
        self, data: Mapping[str, object] | None, *, place: Place, initial: dict[str, object] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.place = place

    def clean(self) -> dict[str, object]:
        """Refuse a time without a day."""
        asked: dict[str, object] = super().clean() or {}
        if asked.get("time") is not None and not asked.get("day") and "day" not in self.errors:
            self.add_error("day", _("Enter the day too."))
        return asked

    def moment(self) -> datetime | None:
        """Return the requested moment, in UTC; None: now (today, without a time, is now, too)."""
        day, at = self.cleaned_data.get("day"), self.cleaned_data.get("time")
        return None if day is None else moment_asked(day, at, self.place)


class ExplainForm(MomentForm):
    """The same form with a reader: a brand, one of the factory's people, or somebody who has read its data."""

    reader = forms.ChoiceField(label=_("Who"), error_messages={"invalid_choice": NOT_OFFERED})
    field_order = ["reader", "cycle", "scope", "day", "time"]

    def __init__(
        self, data: Mapping[str, object] | None, *, user: User, factory: Factory, initial: dict[str, object]
    ) -> None:
        super().__init__(data, place=factory, initial=initial)
        cast(forms.ChoiceField, self.fields["reader"]).choices = [("", _("Choose")), *reader_choices(user, factory)]

    def chosen_reader(self) -> Brand | User:
        """Return the reader in question (call it after `is_valid`)."""
        return find_reader(self.cleaned_data["reader"])


def reader_choices(user: User, factory: Factory) -> "list[tuple[StrOrPromise, list[tuple[str, str]]]]":
    """Return whom the factory's people and its country's staff may ask about, in groups; values fit `find_reader`.

    These are the brands that it shares or shared with, and those it could choose; its people; those who read its data
    lately.
    """
    shared = SharingGrant.objects.visible_to(user).filter(factory=factory).values("brand")
    brands = (Brand.objects.visible_to(user) | Brand.objects.filter(pk__in=shared)).order_by("name")
    own = members(FACTORY, factory)
    lines = AccessRecord.objects.visible_to(user).filter(factory=factory).order_by("-at", "-id")
    brand_of = dict(reversed(lines.values_list("person", "brand__name")[:LINES_SEARCHED]))  # at their last reading
    lately = User.objects.filter(pk__in=brand_of).order_by("name", "pk")
    own_ids = {one.pk for one in own}
    return [
        (_("Brands"), [(f"brand:{one.pk}", one.name) for one in brands]),
        (_("The factory's members"), [(f"person:{one.pk}", str(one)) for one in own]),
        (
            _("Members who can read its data"),
            [
                (f"person:{one.pk}", f"{one} ({brand_of[one.pk] or _('the programme')})")
                for one in lately
                if one.pk not in own_ids
            ],
        ),
    ]


def find_reader(value: str) -> Brand | User:
    """Return the brand or person of one of `reader_choices`."""
    kind, key = value.split(":")
    return Brand.objects.get(pk=key) if kind == Side.BRAND else User.objects.get(pk=key)
