"""Lists: what may be asked of them, page by page, always on a queryset that already took the user."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy

from assessments.figures.queries import has_non_compliance_in
from assessments.models import Assessment
from assessments.models.tools import USUAL_CLUSTERS
from assessments.querysets import AssessmentQuerySet
from assessments.states import OFFERED_STATES
from factories.models import CountryProgramme
from factories.querysets import named
from portal.accounts.roles import Visitor
from portal.core.countries import country_name
from portal.core.days import last_today
from portal.core.forms import NOT_OFFERED

FIRST_YEAR = 2010
Choices = list[tuple[str, str]]


class FilterForm(forms.Form):
    """A GET form that narrows a list: a wrong value is named beside its field, and nothing fits it."""

    q = forms.CharField(label=gettext_lazy("Factory"), max_length=100, required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, choices: Mapping[str, Choices]) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                field.choices = [*cast(Choices, field.choices), *choices.get(name, ())]
                field.error_messages["invalid_choice"] = NOT_OFFERED
        self.is_valid()

    def asked(self, name: str) -> Any:
        """The value asked for, or nothing when it is empty or makes no sense."""
        return self.cleaned_data.get(name) or None

    @property
    def in_use(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.errors) or any(self.asked(name) for name in self.fields)

    def search(self, assessments: AssessmentQuerySet) -> AssessmentQuerySet:
        """Those of factories whose name, local name or Better Work id contains the words; none of a wrong filter."""
        if self.errors:
            return assessments.none()
        words = self.asked("q")
        if not words:
            return assessments
        return assessments.filter(named(words, "factory__"))


class SharedFilter(FilterForm):
    """How a brand narrows "Shared with us"."""

    country = forms.ChoiceField(
        label=gettext_lazy("Country"), choices=[("", gettext_lazy("All countries"))], required=False
    )
    cycle = forms.IntegerField(label=gettext_lazy("Cycle"), min_value=1, max_value=99, required=False)
    year = forms.ChoiceField(label=gettext_lazy("Year"), choices=[("", gettext_lazy("All years"))], required=False)
    cluster = forms.ChoiceField(
        label=gettext_lazy("Non-compliance in"), choices=[("", gettext_lazy("Any result"))], required=False
    )

    def narrow(self, assessments: AssessmentQuerySet, reader: Visitor) -> AssessmentQuerySet:
        """Return the assessments that fit everything asked, as far as `reader` may see what is asked for."""
        assessments = self.search(assessments)
        if country := self.asked("country"):
            assessments = assessments.filter(factory__programme__country=country)
        if cycle := self.asked("cycle"):
            assessments = assessments.filter(cycle=cycle)
        if year := self.asked("year"):
            assessments = assessments.filter(start_date__year=int(year))
        if cluster := self.asked("cluster"):
            assessments = assessments.filter(has_non_compliance_in(cluster, reader))
        return assessments


class BoardFilter(FilterForm):
    """How staff narrow the board."""

    country = forms.ChoiceField(
        label=gettext_lazy("Country"), choices=[("", gettext_lazy("All countries"))], required=False
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[
            ("", gettext_lazy("All states")),
            *((state, Assessment.State(state).label) for state in OFFERED_STATES),
        ],
        required=False,
    )
    late = forms.BooleanField(label=gettext_lazy("Late only"), required=False)

    def narrow(self, assessments: AssessmentQuerySet) -> AssessmentQuerySet:
        """The assessments that fit everything asked, the state aside."""
        assessments = self.search(assessments)
        if country := self.asked("country"):
            assessments = assessments.filter(factory__programme__country=country)
        return assessments.late() if self.asked("late") else assessments


def shared_choices() -> dict[str, Choices]:
    """Return what to choose from: the same for every reader, whatever they may read."""
    countries = CountryProgramme.objects.filter(is_global=False).values_list("country", flat=True)
    this_year = last_today().year
    return {
        "country": _sorted((code, country_name(code)) for code in countries),
        "cluster": [(name, name) for name in USUAL_CLUSTERS],
        "year": [(str(year), str(year)) for year in range(this_year, FIRST_YEAR - 1, -1)],
    }


def country_choices(countries: Iterable[str]) -> Choices:
    """Return countries to choose from, by their codes; "", the programme of all countries, is none."""
    return _sorted((code, country_name(code)) for code in countries if code)


def _sorted(pairs: Any) -> Choices:
    return sorted(pairs, key=lambda pair: pair[1])
