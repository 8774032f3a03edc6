"""Forms of requests: what a brand asks and searches for, and what a factory answers."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from factories.models import CountryProgramme, Factory, FactoryQuerySet, named
from portal.core.countries import country_name
from portal.core.days import days_from_now, today, written
from portal.core.uploads import with_size_limit
from portal.ui.forms import ListFilter, ReasonField
from sharing.grants.forms.granting import TermsForm
from sharing.grants.services.outcomes import MOST_HOLD_DAYS, Terms
from sharing.models import AccessRequest, Scope
from sharing.requests.models import AccessRequestQuerySet
from sharing.requests.services.answering import as_asked
from sharing.requests.services.standing import RequestedTerms
from sharing.scopes import OFFERED_CHOICES

MOST_PASTED = 200_000  # characters
LATER = [(3, _("in 3 days")), (7, _("in a week")), (14, _("in two weeks")), (30, _("in 30 days"))]
STATES = [
    ("open", _("Waiting for the factory")),
    ("approved", _("Approved")),
    ("declined", _("Declined")),
    ("withdrawn", pgettext_lazy("request", "Cancelled")),
    ("lapsed", _("Not answered in time")),
]


def programme_countries() -> list[tuple[str, object]]:
    """Return the countries with a programme, by name in the reader's language, after "all"."""
    codes = CountryProgramme.objects.filter(is_global=False).values_list("country", flat=True)
    pairs = sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])
    return [("", _("All countries")), *pairs]


class FactorySearch(ListFilter):
    """The search with which a brand finds the factories that it may ask."""

    q = forms.CharField(label=_("Name, Better Work ID or OS Hub ID"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("Country"), choices=programme_countries, required=False)

    def narrow(self, factories: FactoryQuerySet) -> FactoryQuerySet:
        """Return the factories whose names contain the words, or whose id they are."""
        if self.errors:
            return factories.none()
        if words := self.asked("q"):
            factories = factories.filter(named(words))
        country = self.asked("country")
        return factories.filter(programme__country=country) if country else factories


class RequestFilter(ListFilter):
    """The filter of a brand's list of its requests."""

    q = forms.CharField(label=_("Factory"), max_length=100, required=False)
    state = forms.ChoiceField(label=_("State"), choices=[("", _("All")), *STATES], required=False)

    def narrow(self, requests: AccessRequestQuerySet) -> AccessRequestQuerySet:
        """Return the requests to factories with these words in the name, in this state."""
        if self.errors:
            return requests.none()
        if words := self.asked("q"):
            requests = requests.filter(named(words, "factory__"))
        state = self.asked("state")
        return requests.shown_as(state) if state else requests


class AskForm(TermsForm):
    """The form for what a brand asks of one or many factories; a last day ends with that day at each one's place."""

    hold_days = None  # type: ignore[assignment] # the factory decides it
    scopes = forms.MultipleChoiceField(
        label=_("Data you ask for"),
        choices=OFFERED_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "A report contains the findings of an assessment and their evidence. Step 1 data contains every "
            "answer to the questions on national law and labour standards, including compliant ones."
        ),
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=300, help_text=_("The factory reads this before it decides.")
    )
    message = forms.CharField(
        label=_("Message"),
        max_length=2000,
        required=False,
        widget=forms.Textarea,
        help_text=_("For example, how you work with the factory and whom it can call."),
    )
    field_order = ["scopes", "cycles", "cycle_numbers", "expires_on", "purpose", "message"]

    def __init__(self, *args: object, factories: Sequence[Factory], **kwargs: Any) -> None:
        super().__init__(*args, place=min(factories, key=today), **kwargs)
        for name in set(self.fields) - set(self.field_order):
            del self.fields[name]

    def requested_terms(self) -> RequestedTerms:
        """Return what the form asks for (call it after `is_valid`)."""
        data = self.cleaned_data
        return RequestedTerms(
            scopes=tuple(data["scopes"]),
            cycles=data["cycles"],
            cycle_numbers=data["cycle_numbers"],
            last_day=data["expires_on"],
            purpose=data["purpose"],
            message=data["message"],
        )


class ListForm(forms.Form):
    """Many factories at once: pasted, or as a file."""

    text = forms.CharField(
        label=_("Ids or names, one per line"),
        max_length=MOST_PASTED,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Better Work IDs, OS Hub IDs or names. You can also paste rows from a spreadsheet."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,text/csv"}),
        help_text=with_size_limit(
            _(
                "CSV (UTF-8) or Excel workbook (.xlsx) with a column name, bw_id or os_hub_id. A column country "
                "helps to find the right factory."
            ),
            "ask",
        ),
    )

    def clean(self) -> dict[str, object]:
        """Require exactly one of the two."""
        data: dict[str, object] = super().clean() or {}
        if not self.errors and bool(data.get("text")) == bool(data.get("file")):
            raise forms.ValidationError(
                _("Paste a list or choose a file, not both.")
                if data.get("text")
                else _("Paste a list, or choose a file.")
            )
        return data


class LessForm(TermsForm):
    """An answer: what was asked, or less of it."""

    purpose = None  # type: ignore[assignment] # the brand said what it wants the data for
    scopes = forms.MultipleChoiceField(label=_("What the brand may see"), widget=forms.CheckboxSelectMultiple)
    hold_days = forms.IntegerField(
        label=_("Days each new report is held"),
        min_value=0,
        max_value=MOST_HOLD_DAYS,
        help_text=_("During these days after its publication you can still hold it."),
    )
    field_order = ["scopes", "cycles", "cycle_numbers", "expires_on", "hold_days"]

    def __init__(self, *args: object, request: AccessRequest, **kwargs: object) -> None:
        self.request = request
        super().__init__(*args, place=request.factory, ends=request.expires_at, **kwargs)
        choices = [(scope.value, scope.label) for scope in Scope if scope in request.scopes]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]
        for name in set(self.fields) - set(self.field_order):
            del self.fields[name]
        if request.last_day is not None:
            self._require_an_end(request.last_day)

    def _require_an_end(self, latest: date) -> None:
        """Offer no end later than what was asked, and not none."""
        until = self.fields["expires_on"]
        until.required = True
        until.widget.attrs["max"] = latest.isoformat()
        until.help_text = gettext("At the latest %(day)s.") % {"day": written(latest)}

    def answer(self) -> Terms:
        """Return the terms that the form describes (call it after `is_valid`)."""
        data = self.cleaned_data
        return Terms(
            cycles=data["cycles"],
            cycle_numbers=data["cycle_numbers"],
            expires_at=self.expires_at(),
            purpose=self.request.purpose,
            hold_days=data["hold_days"],
        )


def initial_answer(request: AccessRequest) -> dict[str, object]:
    """Return what the form of an answer shows at first: a plain yes."""
    terms = as_asked(request)
    return {
        "scopes": request.scopes,
        "cycles": terms.cycles,
        "cycle_numbers": terms.cycle_numbers,
        "expires_on": request.last_day,
        "hold_days": terms.hold_days,
    }


class DeclineForm(forms.Form):
    """The reason for a no."""

    reason = ReasonField(help_text=_("The brand can read it. You do not have to give one."))


class LaterForm(forms.Form):
    """The time until the reminder."""

    days = forms.TypedChoiceField(label=_("Remind us"), coerce=int)

    def __init__(self, *args: Any, requests: Sequence[AccessRequest], **kwargs: Any) -> None:
        """Build the form; every day that it offers is before the last one on which each request can be answered."""
        super().__init__(*args, **kwargs)
        offered = [(days, words) for days, words in LATER if all(_is_before_the_end(one, days) for one in requests)]
        self.fields["days"].choices = offered  # type: ignore[attr-defined]
        self.fields["days"].initial = 7  # where it is not offered, the first of the list is chosen

    @property
    def may_wait(self) -> bool:
        """Whether there is a day to offer."""
        return bool(self.fields["days"].choices)  # type: ignore[attr-defined]


def _is_before_the_end(request: AccessRequest, days: int) -> bool:
    return request.lapses_on is None or days_from_now(days, request.factory) < request.lapses_on


class CodeForm(forms.Form):
    """A code from a printed page."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        help_text=_("12 letters and digits, as printed on the page. Dashes and capital letters do not matter."),
    )
