"""Which questionnaire versions a person of the programme sees, and for whom they import."""

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from assessments.models import Tool
from factories.models import CountryProgramme
from portal.accounts.models import User


def programmes_of(person: User) -> list[CountryProgramme]:
    """Return the country programmes in which a person works. Raises `Http404` if there are none."""
    programmes = list(CountryProgramme.objects.where(person, "assess_country"))
    if not programmes:
        raise Http404
    return programmes


def tools_seen_from(programmes: list[CountryProgramme]) -> QuerySet[Tool]:
    """Return the questionnaires of these countries, and those of all countries."""
    return Tool.objects.filter(Q(programme=None) | Q(programme__in=programmes)).select_related("programme")


def tool_seen_by(person: User, pk: int) -> Tool:
    """Return a version that a person may see. Raises `Http404`."""
    return get_object_or_404(tools_seen_from(programmes_of(person)), pk=pk)


def importing(person: User) -> tuple[QuerySet[CountryProgramme], bool]:
    """Return the countries for which a person imports questionnaires, and whether they do for all of them at once."""
    programmes = CountryProgramme.objects.where(person, "import_assessments")
    for_all = programmes.filter(is_global=True).exists()
    return programmes.filter(is_global=False), for_all


def earlier_versions(tool: Tool) -> QuerySet[Tool]:
    """Return the versions of the same kind and country that were there before it, the newest first."""
    return Tool.objects.filter(kind=tool.kind, programme=tool.programme_id, pk__lt=tool.pk).order_by("-pk")
