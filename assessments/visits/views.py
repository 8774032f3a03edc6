"""Pages of planned visits, for the programme's staff: the calendar, what is due, and each plan (R47).

Nobody of a factory or brand finds anything here, their own factory's visits included.
"""

from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from assessments.models import Assessment
from assessments.publication.views.steps import factories_worked_on, staff_only
from assessments.visits.calendar import calendar_of, monday_of, this_week
from assessments.visits.forms import CalendarFilter, PlanForm
from assessments.visits.planning import cancel_plan, change_plan, may_plan, plan_assessment, require_planner
from assessments.visits.queries import (
    DUE_MONTHS,
    DUE_SOON_MONTHS,
    closures_around_plans,
    due_before,
    months_later,
    next_cycle,
    plannable_by,
    plans_visible_to,
)
from factories.models import ClosureDays, CountryProgramme, Factory
from factories.rights import may_in_programme
from portal.accounts.models import User
from portal.core.days import show_days_of, today
from portal.core.pages import Page
from portal.ui.forms import form_status, posted, refusals_on
from portal.ui.lists import requested_page

MOST_DIGITS = 18
BY_LATENESS = ("last_first_day", "id")


@dataclass(frozen=True)
class Due:
    """A factory whose next visit is due, or soon is; `late` is the number of days since then, negative before."""

    factory: Factory
    last_first_day: date
    day: date
    late: int


@login_required
@require_GET
def plan_list(request: HttpRequest) -> HttpResponse:
    """Show a country's plans by advisor and week, and to those who plan, which factories are due."""
    user = cast(User, request.user)
    programmes = list(CountryProgramme.objects.where(user, "assess_country").filter(is_global=False).order_by("name"))
    if not programmes:
        raise Http404
    form = CalendarFilter(request.GET, programmes=programmes)
    programme = next((one for one in programmes if one.country == form.asked("country")), programmes[0])
    show_days_of(programme)
    chosen = form.asked("week")
    monday = monday_of(chosen) if chosen else this_week(programme)
    plans_here = may_in_programme(user, "review_assessments", programme.pk)
    page = _due_page(request, user, programme) if plans_here else None
    context = {
        "form": form,
        "programme": programme,
        "calendar": calendar_of(user, programme, monday),
        "this_week": this_week(programme),
        "page": page,
        "due": [_due(one) for one in page.items] if page else [],
        "due_months": DUE_MONTHS,
        "soon_months": DUE_SOON_MONTHS,
    }
    return render(request, "visits/plan_list.html", context)


def _due_page(request: HttpRequest, user: User, programme: CountryProgramme) -> Page[Factory]:
    factories = plannable_by(user).filter(programme=programme)
    found = due_before(factories, months_later(today(programme), -DUE_SOON_MONTHS))
    return requested_page(request, found, BY_LATENESS)


def _due(factory: Factory) -> Due:
    last: date = factory.last_first_day  # type: ignore[attr-defined]
    day = months_later(last, DUE_MONTHS)
    return Due(factory, last, day, (today(factory) - day).days)


@login_required
@require_http_methods(["GET", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Plan a visit of the factory in the address."""
    user = cast(User, request.user)
    factory = _requested_factory(request, user)
    cycles = sorted({factory.current_cycle, next_cycle(factory)})
    form = PlanForm(posted(request), factory=factory, cycles=cycles)
    if form.is_valid():
        visit, cycle = form.visit(), form.cleaned_data["cycle"]
        with refusals_on(form):
            made = plan_assessment(by=user, factory=factory, cycle=cycle, **vars(visit))
        if form.is_valid():
            messages.success(request, _("The visit was planned. The factory is not notified."))
            return redirect("plan", pk=made.pk)
    return _form_page(request, factory, form, None)


def _requested_factory(request: HttpRequest, user: User) -> Factory:
    """Return the factory in the address. Raises `Http404`, or `PermissionDenied` for staff who do not plan."""
    staff_only(user)
    number = request.GET.get("factory", "")
    if not (number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS):
        raise Http404
    seen = Factory.objects.filter(pk__in=factories_worked_on(user).values("pk"))
    factory = get_object_or_404(seen.select_related("programme"), pk=int(number))
    require_planner(user, factory)
    show_days_of(factory)
    return factory


def _found(user: User, pk: UUID) -> Assessment:
    """Return a visit that is still planned. Raises `Http404`."""
    plans = plans_visible_to(user).filter(state=Assessment.State.PLANNED)
    found = get_object_or_404(plans.select_related("factory__programme", "tool"), pk=pk)
    show_days_of(found.factory)
    return found


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a plan to its assessors, and change it if one may."""
    user = cast(User, request.user)
    found = _found(user, pk)
    factory = found.factory
    if request.method != "POST" and not may_plan(user, factory):
        return _form_page(request, factory, None, found)
    require_planner(user, factory)
    form = PlanForm(posted(request), factory=factory, cycles=[found.cycle], plan=found)
    if form.is_valid():
        with refusals_on(form):
            change_plan(by=user, assessment=found, **vars(form.visit()))
        if form.is_valid():
            messages.success(request, _("The plan was saved. The factory is not notified."))
            return redirect("plan", pk=pk)
    return _form_page(request, factory, form, found)


def _form_page(request: HttpRequest, factory: Factory, form: PlanForm | None, found: Assessment | None) -> HttpResponse:
    user = cast(User, request.user)
    seen = closures_around_plans(user) if found else ClosureDays.objects.visible_to(user)
    coming = seen.filter(factory=factory, last_day__gte=today(factory))
    context = {
        "factory": factory,
        "form": form,
        "plan": found,
        "assessors": [one.person for one in found.assessors.select_related("person").order_by("pk")] if found else [],
        "closures": list(coming.order_by("first_day", "pk")),
    }
    return render(request, "visits/plan.html", context, status=form_status(request))


@login_required
@require_http_methods(["GET", "POST"])
def plan_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel a plan, after a page that names it."""
    user = cast(User, request.user)
    found = _found(user, pk)
    require_planner(user, found.factory)
    if request.method != "POST":
        return render(request, "visits/plan_cancel.html", {"plan": found, "factory": found.factory})
    cancel_plan(by=user, assessment=found)
    messages.success(request, _("The plan was cancelled. The factory is not notified."))
    return redirect("plan_list")
