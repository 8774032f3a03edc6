"""The filters of who-saw-what."""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from brands.models import Brand
from factories.models import Factory
from factories.time_zones import start_there
from portal.core.days import FIRST_DAYS, LAST_DAYS, Place, end_of, start_of
from portal.core.drawn import ID
from portal.ui.forms import NOT_OFFERED
from sharing.models import AccessRecord
from sharing.records.models import BRANDS, OWN, STAFF, AccessRecordQuerySet
from sharing.scopes import OFFERED_CHOICES
from sharing.searches.models import SearchRecordQuerySet
from sharing.subscriptions.forms import WRONG_CYCLE
from sharing.terms import MAX_CYCLE

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WRONG = {"invalid_choice": NOT_OFFERED}
YEARS = range(1900, 2100)
_ID = re.compile(ID)
WRONG_YEAR = _("Choose a day between 1900 and 2099.")
PLAIN = ("person", "factory", "scope", "action", "cycle")
SWITCHES = (OWN, STAFF)
ON_OR_OFF = [("", ""), ("1", "")]
Rows = TypeVar("Rows", AccessRecordQuerySet, SearchRecordQuerySet)


def narrowed(records: Rows, asked: dict[str, Any], place: Place | None = None) -> Rows:
    """Return the records that fit everything asked: `person` (id), `brand` (a side, see `of_sides`), `factory` (id),
    `scope`, `action`, `cycle`, `since` and `until`, both included: days of `place`, or of each record's factory (R54).

    `own` and `staff` add the records of these sides to those of `brand`; without `brand` every side is there.
    The records may be searches, for which `place` must be given: none fits if something is asked that they lack.
    """
    plain = {name: asked[name] for name in PLAIN if asked.get(name)}
    if not plain.keys() <= {field.name for field in records.model._meta.fields}:
        return records.none()
    records = records.filter(**plain)
    if asked.get("brand"):
        records = records.read_for(str(asked["brand"]), *(side for side in SWITCHES if asked.get(side)))
    if since := asked.get("since"):
        records = records.filter(at__gte=start_of(since, place)) if place else _since(records, since)
    if until := asked.get("until"):
        records = records.filter(at__lt=end_of(until, place)) if place else _before(records, until + timedelta(days=1))
    return records


def _since(records: Rows, day: date) -> Rows:
    """Return the records from a day at each one's place on; the plain bound is for the index."""
    return records.filter(at__gte=start_of(day, FIRST_DAYS)).filter(at__gte=start_there("factory__", day))


def _before(records: Rows, day: date) -> Rows:
    """Return the records before a day at each one's place; the plain bound is for the index."""
    return records.filter(at__lt=start_of(day, LAST_DAYS)).filter(at__lt=start_there("factory__", day))


def reversed_days(since: date | None, until: date | None) -> "dict[str, StrOrPromise]":
    """Return what is wrong with a period that ends before it begins, for both fields; empty if nothing is."""
    if since is None or until is None or since <= until:
        return {}
    return {
        "since": _("“From” is after “Until”. Choose an earlier day."),
        "until": _("“Until” is before “From”. Choose a later day."),
    }


class _DayField(forms.DateField):
    """A day of this century or the one before."""

    def clean(self, value: object) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and day.year not in YEARS:
            raise forms.ValidationError(WRONG_YEAR)
        return day


class WhoSawFilter(forms.Form):
    """The filter of who-saw-what. Unknown choices are errors, never ignored.

    A person is chosen by their name in the list and queried by their id: no name appears in an address or in a log.
    A factory's page lists what brands read; the switches `own` and `staff` (links on the page) add the other readers.
    """

    person = forms.ChoiceField(label=_("Person"), required=False, error_messages=WRONG)
    brand = forms.ChoiceField(label=_("Who"), required=False, error_messages=WRONG)
    factory = forms.ChoiceField(label=_("Factory"), required=False, error_messages=WRONG)
    scope = forms.ChoiceField(
        label=_("Data"), choices=[("", _("All data")), *OFFERED_CHOICES], required=False, error_messages=WRONG
    )
    action = forms.ChoiceField(
        label=_("What was done"),
        choices=[("", _("All actions")), *AccessRecord.Action.choices],
        required=False,
        error_messages=WRONG,
    )
    cycle = forms.IntegerField(
        label=_("Cycle"),
        min_value=1,
        max_value=MAX_CYCLE,
        required=False,
        error_messages=WRONG_CYCLE,
    )
    since = _DayField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = _DayField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    own = forms.ChoiceField(
        label=_("Show our own reads and previews"),
        choices=ON_OR_OFF,
        required=False,
        widget=forms.HiddenInput,
        error_messages=WRONG,
    )
    staff = forms.ChoiceField(
        label=_("Show reads by the programme's staff"),
        choices=ON_OR_OFF,
        required=False,
        widget=forms.HiddenInput,
        error_messages=WRONG,
    )

    def __init__(
        self,
        data: QueryDict,
        *,
        records: AccessRecordQuerySet,
        place: Place | None = None,
        brands: Iterable[Brand] | None = None,
        factories: Iterable[Factory] | None = None,
    ) -> None:
        """Build the filter of the log `records`: a factory's with `place` and `brands`, a brand's with `factories`."""
        super().__init__(data)
        self.place = place
        self._offer_the_chosen_person(records)
        sides = [(OWN, _("The factory itself")), (STAFF, _("The programme's staff"))]
        self._offer("brand", brands, [("", _("All brands")), *sides])
        self._offer("factory", factories, [("", _("All factories"))])
        for switch in SWITCHES if brands is None else ():
            del self.fields[switch]

    def _offer_the_chosen_person(self, records: AccessRecordQuerySet) -> None:
        """Offer whoever was chosen in the list, or everybody again."""
        chosen = str(self.data.get("person", ""))
        if not chosen:
            del self.fields["person"]
            return
        lines = records.filter(person=int(chosen)) if _ID.fullmatch(chosen) else records.none()
        names = lines.values_list("person__name", flat=True)[:1]
        field = cast(forms.ChoiceField, self.fields["person"])
        field.choices = [("", _("Everybody")), *((chosen, name) for name in names)]

    def _offer(
        self, name: str, rows: Iterable[Brand | Factory] | None, first: "list[tuple[str, StrOrPromise]]"
    ) -> None:
        if rows is None:
            del self.fields[name]
        else:
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [*first, *((str(row.pk), row.name) for row in rows)]

    def clean(self) -> dict[str, Any]:
        """Return what was asked: of all brands if of none, and of a period that does not end before it begins."""
        asked = super().clean() or {}
        for name, error in reversed_days(asked.get("since"), asked.get("until")).items():
            self.add_error(name, str(error))
        return {**asked, "brand": asked.get("brand") or BRANDS} if "brand" in self.fields else asked

    @property
    def in_use(self) -> bool:
        """True when something that the form shows narrows the list."""
        return any(self.data.get(field.html_name) for field in self.visible_fields())

    def narrow(self, records: Rows) -> Rows:
        """Return the records that fit everything asked; none where something was asked that is not offered."""
        return narrowed(records, self.cleaned_data, self.place) if self.is_valid() else records.none()

    def narrow_without_days(self, records: AccessRecordQuerySet) -> AccessRecordQuerySet:
        """Return the records of the chosen side, whatever their day: the readers of the switches are not added."""
        asked = {name: value for name, value in self.cleaned_data.items() if name not in {"since", "until", *SWITCHES}}
        return narrowed(records, asked) if self.is_valid() else records.none()
