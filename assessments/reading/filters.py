"""Filters of lists of assessments on pages."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, cast

from django import forms
from django.utils.translation import gettext_lazy

from assessments.models import Assessment
from assessments.publication.states import OFFERED_STATES
from assessments.questionnaires.models import USUAL_CLUSTERS
from assessments.reading.listing import narrowed
from assessments.visits.models import AssessmentQuerySet
from factories.models import CountryProgramme
from portal.accounts.roles import Visitor
from portal.core.countries import country_name
from portal.core.days import last_today
from portal.ui.forms import ListFilter
from sharing.terms import MAX_CYCLE

FIRST_YEAR = 2010
Choices = list[tuple[str, str]]


class FilterForm(ListFilter):
    """The filter of a list of assessments."""

    NARROWED_ELSEWHERE: ClassVar[frozenset[str]] = frozenset()

    q = forms.CharField(label=gettext_lazy("Factory"), max_length=100, required=False)

    def __init__(self, data: Mapping[str, object] | None = None, *, choices: Mapping[str, Choices]) -> None:
        self.choices = choices
        super().__init__(data)

    def full_clean(self) -> None:
        """Offer the choices that the page found."""
        for name, found in self.choices.items():
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = [*cast(Choices, field.choices), *found]
        super().full_clean()

    def narrow(self, assessments: AssessmentQuerySet, reader: Visitor) -> AssessmentQuerySet:
        """Return the assessments that match every filter (`narrowed`); none if a filter is invalid."""
        if self.errors:
            return assessments.none()
        wanted = {name: self.asked(name) for name in self.fields if name not in self.NARROWED_ELSEWHERE}
        wanted["search"] = wanted.pop("q")
        return narrowed(assessments, wanted, reader)


class SharedFilter(FilterForm):
    """The filter of a brand's list "Shared with us"."""

    country = forms.ChoiceField(
        label=gettext_lazy("Country"), choices=[("", gettext_lazy("All countries"))], required=False
    )
    cycle = forms.IntegerField(label=gettext_lazy("Cycle"), min_value=1, max_value=MAX_CYCLE, required=False)
    year = forms.TypedChoiceField(
        label=gettext_lazy("Year"), choices=[("", gettext_lazy("All years"))], required=False, coerce=int
    )
    cluster = forms.ChoiceField(
        label=gettext_lazy("Non-compliance in"), choices=[("", gettext_lazy("Any result"))], required=False
    )


class BoardFilter(FilterForm):
    """The filter of the staff's board."""

    NARROWED_ELSEWHERE = frozenset({"state", "late"})

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

    def narrow(self, assessments: AssessmentQuerySet, reader: Visitor) -> AssessmentQuerySet:
        """Return the assessments that match every filter except the state."""
        found = super().narrow(assessments, reader)
        return found.late() if self.asked("late") else found


def shared_choices() -> dict[str, Choices]:
    """Return the choices: the same for every reader, whatever they may read."""
    countries = CountryProgramme.objects.filter(is_global=False).values_list("country", flat=True)
    this_year = last_today().year
    return {
        "country": _sorted((code, country_name(code)) for code in countries),
        "cluster": [(name, str(words)) for name, words in USUAL_CLUSTERS.items()],
        "year": [(str(year), str(year)) for year in range(this_year, FIRST_YEAR - 1, -1)],
    }


def country_choices(countries: Iterable[str]) -> Choices:
    """Return countries to choose from, by their codes; "", the programme of all countries, is left out."""
    return _sorted((code, country_name(code)) for code in countries if code)


def _sorted(pairs: Iterable[tuple[str, str]]) -> Choices:
    return sorted(pairs, key=lambda pair: pair[1])
