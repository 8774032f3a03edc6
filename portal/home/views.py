"""The first page of each role: what needs attention now."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from factories.models import CountryProgramme, Factory
from factories.role_names import FactoryRoleName, ProgrammeRoleName
from portal.accounts.sides import Side
from portal.home.affiliations import Affiliation, affiliations
from portal.home.brand import brand_section
from portal.home.first_steps import first_steps
from portal.home.inbox.gathering import inbox_at
from portal.home.inbox.reading import desks
from portal.home.inbox.rows import Group, Inbox
from portal.home.staff import staff_section
from portal.notices.snoozes import snoozed_by

MOST_INBOXES = 5


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show what needs the visitor's attention now, role by role; with `all`, one group of one inbox alone."""
    held = affiliations(request.user)
    if request.GET.get("all") in Group.values and (alone := _group_alone(request, held)):
        return render(request, "home.html", {"sections": [], "inboxes": alone, "held": held})
    sections: list[dict[str, object]] = (
        first_steps() if any(item.role == ProgrammeRoleName.GLOBAL_STAFF for item in held) else []
    )
    inboxes = _inboxes(request, held)
    if any(item.kind == Side.BRAND for item in held):
        sections.append(brand_section(request.user))
    if any(item.kind == Side.PROGRAMME and item.role != ProgrammeRoleName.CONSTITUENT for item in held):
        sections.append(staff_section(request.user))
    sections += [_country_section(item) for item in held if item.role == ProgrammeRoleName.CONSTITUENT]
    return render(request, "home.html", {"sections": sections, "inboxes": inboxes, "held": held})


def _inboxes(request: HttpRequest, held: list[Affiliation]) -> list[Inbox]:
    """Return the inbox of each factory whose people the visitor is one of, up to a few."""
    return _inboxes_of(request, _own_factories(held)[:MOST_INBOXES])


def _group_alone(request: HttpRequest, held: list[Affiliation]) -> list[Inbox]:
    """Return the inbox that an address names, with one of its groups alone; none for a factory of other people."""
    asked = [key for key in _own_factories(held) if str(key) == request.GET.get("factory")]
    group, page = Group(request.GET["all"]), request.GET.get("page", "")
    return [inbox.alone(group, page) for inbox in _inboxes_of(request, asked)]


def _own_factories(held: list[Affiliation]) -> list[int]:
    own = [item for item in held if item.kind == Side.FACTORY and item.role != FactoryRoleName.ADVISOR]
    return list(dict.fromkeys(item.organisation_id for item in own))


def _inboxes_of(request: HttpRequest, factories: list[int]) -> list[Inbox]:
    snoozed = snoozed_by(request.user) if factories else {}
    return [inbox_at(desk, snoozed) for desk in desks(request.user, factories)]


def _country_section(item: Affiliation) -> dict[str, object]:
    """Return what a constituent may know: consolidated figures, no group below the country's minimum (R9)."""
    programme = CountryProgramme.objects.get(pk=item.organisation_id)
    enrolled = Factory.objects.filter(programme=programme, enrolment_status=Factory.Enrolment.ENROLLED).count()
    shown = str(enrolled) if enrolled >= programme.min_group_size else _("fewer than %s") % programme.min_group_size
    return {
        "title": programme.name,
        "todos": [],
        "stats": [(_("Factories enrolled"), shown, reverse("programme", args=[programme.pk]))],
        "note": _("You can see consolidated figures for your country, but never a single factory's data."),
    }
