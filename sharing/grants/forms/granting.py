"""Forms of consent, which a manager fills in and which become `Terms`."""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from brands.identity import Identity, identities
from brands.models import Brand, BrandQuerySet
from factories.models import Factory
from portal.accounts.models import User
from portal.core.days import Place, end_of, last_day, start_of, today
from portal.core.listing import joined
from portal.ui.forms import conditional, show_errors
from sharing.grants.forms.cycles import CycleNumbersField
from sharing.grants.services.outcomes import MOST_HOLD_DAYS, Terms
from sharing.models import SharingGrant
from sharing.scopes import OFFERED_CHOICES
from sharing.terms import misnamed

MAX_BRANDS = 50
LAST_YEAR = 9900
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def months_after(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of a shorter month; days after `LAST_YEAR` unchanged."""
    if day.year > LAST_YEAR:
        return day
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class BrandChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Brands to tick, each with what is known of its identity, so that none is mistaken for another."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(queryset=Brand.objects.none(), widget=forms.CheckboxSelectMultiple, **kwargs)

    def offer(self, brands: BrandQuerySet, holders: Collection[int]) -> None:
        """Offer these brands; `holders` are the keys of those that have access."""
        self.queryset = brands
        self.choices = [(one.brand.pk, identity_label(one, holders)) for one in identities(brands)]


def identity_label(one: Identity, holders: Collection[int]) -> str:
    """Return a brand's name with its identity, and whether it has access, for a list of choices."""
    marks = [gettext("has access")] if one.brand.pk in holders else []
    if not one.is_verified:
        marks.append(gettext("not checked by the programme yet"))
    if one.former_names:
        marks.append(gettext("formerly %s") % joined(one.former_names))
    if not marks:
        return one.brand.name
    return format_html('{} <span class="muted">({})</span>', one.brand.name, joined(marks, gettext("; ")))


class TermsForm(forms.Form):
    """Cycles, last day, hold and purpose. Days are those of `place`, the factory (R54)."""

    cycles = forms.ChoiceField(
        label=_("Which cycles"),
        choices=SharingGrant.Cycles.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose which cycles.")},
        help_text=_("“All” and “from a cycle on” include reports that will be published later."),
    )
    cycle_numbers = conditional(
        CycleNumbersField(
            label=_("Cycle numbers"),
            max_length=200,
            required=False,
            help_text=_(
                "For “from a cycle on”, enter the first cycle. For “only these cycles”, enter each one, such as 4, 2."
            ),
        )
    )
    expires_on = forms.DateField(
        label=_("Until"),
        required=False,
        widget=DAY,
        help_text=_("The last day of access. Leave empty for no end date."),
    )
    hold_days = forms.IntegerField(
        label=_("Days each new report is held"),
        min_value=0,
        max_value=MOST_HOLD_DAYS,
        required=False,
        help_text=_(
            "The brand can see each new report this many days after its publication, unless the factory holds it. 0 "
            "means at once. If you leave this empty, the number shown at first applies."
        ),
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=300, required=False, help_text=_("The brand can read this.")
    )

    def __init__(self, *args: Any, place: Place, ends: datetime | None = None, **kwargs: Any) -> None:
        """Build the form; `ends` is the current end: if its day is chosen again, the exact moment is kept."""
        super().__init__(*args, **kwargs)
        self.place, self.ends = place, ends

    def clean(self) -> dict[str, object]:
        """Check what concerns more than one field; the messages say what to fill in."""
        super().clean()
        data = self.cleaned_data
        self._clean_cycles(data)
        until, first_day = data.get("expires_on"), data.get("starts_on")
        if until is not None and until < today(self.place):
            self.add_error("expires_on", _("This day has passed. Choose today or a later day."))
        elif until is not None and first_day is not None and until < first_day:
            self.add_error("expires_on", _("The last day is before the first day. Choose a later one."))
        for name in ("expires_on", "starts_on"):
            if data.get(name) is not None and data[name].year > LAST_YEAR:
                self.add_error(name, _("Choose an earlier day, or leave this empty."))
        return data

    def _clean_cycles(self, data: dict[str, Any]) -> None:
        """Check how many cycles are named; “all” names none, whatever was filled in for another choice before."""
        cycles = data.get("cycles")
        if cycles == SharingGrant.Cycles.ALL:
            data["cycle_numbers"] = []
        elif cycles and "cycle_numbers" in data and (wrong := misnamed(cycles, data["cycle_numbers"])):
            self.add_error("cycle_numbers", self.fields["cycle_numbers"].error_messages[wrong])

    def terms(self) -> Terms:
        """Return the terms that the form describes (call it after `is_valid`)."""
        data = self.cleaned_data
        return Terms(
            cycles=data["cycles"],
            cycle_numbers=data["cycle_numbers"],
            valid_from=start_of(data["starts_on"], self.place) if data.get("starts_on") else None,
            expires_at=self.expires_at(),
            purpose=data["purpose"],
            hold_days=self.initial.get("hold_days", 0) if data["hold_days"] is None else data["hold_days"],
        )

    def expires_at(self) -> datetime | None:
        """Return the moment after the last day at the place; None: no end (call it after `is_valid`)."""
        chosen: date | None = self.cleaned_data["expires_on"]
        if chosen == last_day(self.ends, self.place):
            return self.ends
        return end_of(chosen, self.place) if chosen else None


class GrantForm(TermsForm):
    """Brands and the kinds of data, besides the terms."""

    brands = BrandChoice(
        label=_("Brands"),
        help_text=_("Choose one or more. Each brand is notified only of its own access."),
        error_messages={"required": _("Choose at least one brand.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("What they may see"),
        choices=OFFERED_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of data.")},
    )
    starts_on = forms.DateField(
        label=_("From"), required=False, widget=DAY, help_text=_("Leave empty to begin at once.")
    )

    field_order = ["brands", "scopes", "cycles", "cycle_numbers", "starts_on", "expires_on", "hold_days", "purpose"]

    def __init__(
        self,
        *args: object,
        user: User,
        place: Place,
        initial: dict[str, object] | None = None,
        holders: Collection[int] = (),
    ) -> None:
        super().__init__(*args, place=place, initial=initial)
        brands = Brand.objects.visible_to(user).filter(is_active=True)
        cast("BrandChoice", self.fields["brands"]).offer(brands.order_by("name"), holders)

    def clean_brands(self) -> list[Brand]:
        """Return the brands, by name; refuse more than a person can read through on the next page."""
        brands = list(self.cleaned_data["brands"])
        if len(brands) > MAX_BRANDS:
            raise forms.ValidationError(_("Choose up to %s brands at a time.") % MAX_BRANDS)
        return brands

    def clean_starts_on(self) -> date | None:
        """Return the first day if it is in the future, None for today; refuse a past day."""
        day: date | None = self.cleaned_data["starts_on"]
        now = today(self.place)
        if day is not None and day < now:
            raise forms.ValidationError(_("This day has passed. Choose a later one, or leave it empty."))
        return None if day == now else day


def default_terms(factory: Factory) -> dict[str, object]:
    """Return what the form of a new grant shows at first: the country's defaults. The cycles are left to be chosen."""
    months = factory.programme.grant_default_months
    return {
        "expires_on": months_after(today(factory), months) if months else None,
        "hold_days": factory.programme.grant_default_hold_days,
    }


def initial_terms(grant: SharingGrant) -> dict[str, object]:
    """Return what the form of an existing grant shows at first."""
    return {
        "cycles": grant.cycles,
        "cycle_numbers": grant.cycle_numbers,
        "expires_on": grant.last_day,
        "hold_days": grant.hold_days,
        "purpose": grant.purpose,
    }


def copied_terms(grant: SharingGrant) -> dict[str, object]:
    """Return the terms of an existing grant for a new one; an end in the past is left out."""
    terms = initial_terms(grant) | {"scopes": [grant.scope]}
    if grant.last_day is not None and grant.last_day < today(grant.factory):
        del terms["expires_on"]
    return terms


def renewed_terms(grant: SharingGrant) -> dict[str, object]:
    """Return the same terms with a new end: the country's months after the old one, or after today if it has passed."""
    months = grant.factory.programme.grant_default_months
    now = today(grant.factory)
    start = max(grant.last_day or now, now)
    return initial_terms(grant) | {"expires_on": months_after(start, months) if months else None}


_FIELDS = {"expires_at": "expires_on", "valid_from": "starts_on", "scope": "scopes", "brand": "brands"}


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a service refused beside the field it concerns, or above the form."""
    if not hasattr(error, "error_dict"):
        show_errors(form, error)
        return
    for name, errors in error.error_dict.items():
        show_errors(form, ValidationError({_FIELDS.get(name, name): errors}))
