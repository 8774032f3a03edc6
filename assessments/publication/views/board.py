"""The staff's board: assessments by state, late ones first (R39).

It is visible only to people who work on assessments for the programme. The steps it offers are in `steps`.
"""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from assessments.imports.services import may_import
from assessments.models import Assessment
from assessments.publication.deadlines import has_review_ended
from assessments.publication.rights import StepRights
from assessments.publication.states import steps_from
from assessments.publication.views.steps import BULK_STEPS, BY_DEADLINE, NEWEST_FIRST, staff_only, worked_on
from assessments.reading.filters import BoardFilter, country_choices
from assessments.visits.models import AssessmentQuerySet
from factories.models import CountryProgramme
from portal.accounts.models import User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.ui.lists import capped, capped_count, requested_page, shown_count

COLUMNS = ("internal_review", "factory_review", "published")
WITHOUT_DEADLINE = frozenset({"published", "superseded", "withdrawn"})
STEPS_BACK = frozenset({"take_back", "withdraw"})
COLUMN_SIZE = 8
LATE = "late"  # a column that is no state
ORDERS = {"published": ("-published_at", "-id"), "superseded": NEWEST_FIRST, "withdrawn": NEWEST_FIRST}


@login_required
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show all states side by side; or, for a requested state, its whole list with steps for many at once."""
    user = cast(User, request.user)
    staff_only(user)
    form = BoardFilter(request.GET, choices={"country": country_choices(_countries(user))})
    state, rights = form.asked("state"), StepRights(user)
    if state or form.asked("late"):
        assessments = form.narrow(worked_on(user), user)
        return _list(request, assessments.filter(state=state) if state else assessments, rights, form)
    # PostgreSQL does not know today's date at the factories.
    late = form.narrow(worked_on(user), user).late()
    narrowed = {name: form.narrow(_in_state(user, name), user) for name in COLUMNS} if form.in_use else {}
    context = {
        "form": form,
        "may_import": may_import(user),
        "late": _column(user, LATE, rights, late),
        "columns": [
            {"state": Assessment.State(name), **_column(user, name, rights, narrowed.get(name))} for name in COLUMNS
        ],
    }
    return render(request, "publication/board.html", context)


def _list(request: HttpRequest, assessments: AssessmentQuerySet, rights: StepRights, form: BoardFilter) -> HttpResponse:
    """Show one state, or everything late, page by page."""
    state = form.asked("state") or ""
    page = requested_page(request, assessments, order_of(state))
    bulk = [step for step in steps_from(state) if step.name in BULK_STEPS and rights.held[step.permission]]
    context = {
        "form": form,
        "state": state,
        "title": Assessment.State(state).label if state else _("Late"),
        "page": page,
        "count": assessments.count() if page.next_cursor or request.GET.get("cursor") else len(page.items),
        "cards": [_card(one, rights) for one in page.items],
        "bulk_steps": bulk,
        "has_deadline": state not in WITHOUT_DEADLINE,
    }
    return render(request, "publication/board_list.html", context)


def order_of(state: str) -> tuple[str, ...]:
    """Return the order in which a state is listed."""
    return ORDERS.get(state, BY_DEADLINE)


def _in_state(user: Visitor, name: str) -> AssessmentQuerySet:
    return worked_on(user).filter(state=name)


def _top(rows: AssessmentQuerySet, name: str) -> AssessmentQuerySet:
    return rows.order_by(*order_of(name))[: COLUMN_SIZE + 1]


_first: Prepared[Assessment, Assessment] = Prepared(lambda user, name: _top(_in_state(user, name), name))
_counted: Prepared[Assessment, object] = Prepared(lambda user, name: capped(_in_state(user, name)))
_countries: Prepared[CountryProgramme, str] = Prepared(
    lambda user: CountryProgramme.objects.visible_to(user).order_by().values_list("country", flat=True)
)


def _column(user: User, name: str, rights: StepRights, rows: AssessmentQuerySet | None) -> dict[str, object]:
    """Return the first cards, and how many there are: counted only if there are more, and no further than is shown.

    `rows`: the rows of a column that is filtered, or is not a state; if None, all of the state `name`.
    """
    first = _first(user, name) if rows is None else list(_top(rows, name))
    number = len(first)
    if number > COLUMN_SIZE:
        number = _counted.count(user, name) if rows is None else capped_count(rows)
    return {
        "cards": [_card(one, rights) for one in first[:COLUMN_SIZE]],
        "number": number,
        "shown": shown_count(number),
    }


def _card(assessment: Assessment, rights: StepRights) -> dict[str, object]:
    steps = rights.steps(assessment)
    state = Assessment.State
    return {
        "assessment": assessment,
        "days_late": assessment.days_late,
        "factory_time_over": assessment.state == state.FACTORY_REVIEW and has_review_ended(assessment),
        "steps": steps,
        "forward": [step for step in steps if step.name not in STEPS_BACK],
    }
