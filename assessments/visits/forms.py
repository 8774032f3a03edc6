"""The form of a plan, and the choice of a country and week for the calendar."""

from collections.abc import Sequence
from datetime import date

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from assessments.models import Assessment, Tool
from assessments.visits.planning import Visit
from assessments.visits.queries import assessors_of_country
from factories.models import CountryProgramme, Factory
from portal.accounts.models import User
from portal.core.countries import country_name
from portal.ui.forms import NOT_OFFERED, ListFilter

FIRST_WEEK, LAST_WEEK = date(2001, 1, 1), date(2199, 12, 31)
DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class PlanForm(forms.Form):
    """What is planned; the service says what is accepted."""

    cycle = forms.TypedChoiceField(label=_("Cycle"), coerce=int)
    tool = forms.ModelChoiceField(label=_("Questionnaire"), queryset=Tool.objects.none(), empty_label=None)
    mode = forms.ChoiceField(label=_("Mode"), choices=Assessment.Mode.choices)
    start_date = forms.DateField(
        label=_("First day"), widget=DAY, help_text=_("A visit on site takes two days, a virtual one takes one day.")
    )
    first = forms.ModelChoiceField(label=_("First assessor"), queryset=User.objects.none())
    second = forms.ModelChoiceField(label=_("Second assessor"), queryset=User.objects.none())

    def __init__(
        self, data: object = None, *, factory: Factory, cycles: Sequence[int], plan: Assessment | None = None
    ) -> None:
        super().__init__(data, initial=_initial(plan) if plan else {"cycle": cycles[-1]})  # type: ignore[arg-type]
        if plan:
            del self.fields["cycle"]
        else:
            self.fields["cycle"].choices = [(number, str(number)) for number in cycles]  # type: ignore[attr-defined]
        people = assessors_of_country(factory.programme)
        for name, rows in (("tool", tools_for(factory)), ("first", people), ("second", people)):
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = NOT_OFFERED

    def visit(self) -> Visit:
        """Return what was filled in."""
        asked = self.cleaned_data
        return Visit(asked["tool"], asked["mode"], asked["start_date"], [asked["first"], asked["second"]])


def tools_for(factory: Factory) -> QuerySet[Tool]:
    """Return the questionnaires with which a factory can be assessed, the newest first."""
    own = Tool.objects.filter(programme=factory.programme_id) | Tool.objects.filter(programme=None)
    return own.filter(kind=Tool.Kind.CAT).order_by("-pk")


def _initial(plan: Assessment) -> dict[str, object]:
    people = [one.person_id for one in plan.assessors.order_by("pk")]
    first, second = [*people, None, None][:2]
    return {
        "tool": plan.tool_id,
        "mode": plan.mode,
        "start_date": plan.start_date,
        "first": first,
        "second": second,
    }


class CalendarFilter(ListFilter):
    """The country and the week with which the calendar begins; global staff choose among all countries."""

    country = forms.ChoiceField(label=_("Country"), required=False)
    week = forms.DateField(
        label=_("Week of"),
        widget=DAY,
        required=False,
        validators=[MinValueValidator(FIRST_WEEK), MaxValueValidator(LAST_WEEK)],
    )

    def __init__(self, data: object = None, *, programmes: Sequence[CountryProgramme]) -> None:
        self.programmes = programmes
        super().__init__(data)  # type: ignore[arg-type]

    def full_clean(self) -> None:
        """Offer the visitor's own countries only; where there is one, there is no choice."""
        pairs = [(one.country, country_name(one.country)) for one in self.programmes]
        self.fields["country"].choices = sorted(pairs, key=lambda pair: pair[1])  # type: ignore[attr-defined]
        if len(self.programmes) < 2:
            self.fields["country"].widget = forms.HiddenInput()
        super().full_clean()
