"""Plans of visits: made, changed and cancelled by the staff who review a country's assessments.

A factory and its brands learn nothing of a plan (R47): it changes nothing that they can read, notifies nobody and
assigns nobody to the factory. Closure days that the factory entered are planned around. A complete profile is needed
to start an assessment, not to plan it (R25). Days are those of the factory's place (R54).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import Assessment, Assessor, Tool
from assessments.visits.models import ON_SITE_DAYS
from assessments.visits.queries import assessors_of_country, is_cycle_taken
from factories.models import ClosureDays, CountryProgramme, Factory
from factories.rights import staff_may
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.days import today, written
from portal.core.events import record

ASSESSORS_OF_A_VISIT = 2
PLANNED_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Visit:
    """What is planned: the questionnaire, on site or virtual, the first day at the factory, and who goes."""

    tool: Tool
    mode: str
    start_date: date
    assessors: Sequence[User]


def may_plan(by: User, factory: Factory) -> bool:
    """Return whether a person plans the visits of a factory: its country's staff who review assessments."""
    return staff_may(by, "review_assessments", factory.pk)


def require_planner(by: User, factory: Factory) -> None:
    """Raise `PermissionDenied` for whoever does not plan the visits of a factory."""
    if not may_plan(by, factory):
        raise PermissionDenied(_("Only the country's staff can plan visits."))


@transaction.atomic
def plan_assessment(
    *, by: User, factory: Factory, cycle: int, tool: Tool, mode: str, start_date: date, assessors: Sequence[User]
) -> Assessment:
    """Plan the visit of a factory in a cycle.

    Raises `PermissionDenied`, or `ValidationError` by field: the country has no assessments (R48), the factory is not
    enrolled or has a planned visit, the cycle is taken, or what `change_plan` refuses.
    """
    factory = _locked(by, factory.pk)
    visit = Visit(tool, mode, start_date, assessors)
    _check_factory(factory)
    _check_cycle(factory, cycle)
    _check(factory, visit, None)
    assessment = Assessment.objects.create(factory=factory, cycle=cycle, tool=tool, mode=mode, start_date=start_date)
    Assessor.objects.bulk_create(Assessor(assessment=assessment, person=person) for person in assessors)
    _note(AssessmentEvent.PLANNED, by, assessment, assessors)
    return assessment


@transaction.atomic
def change_plan(
    *, by: User, assessment: Assessment, tool: Tool, mode: str, start_date: date, assessors: Sequence[User]
) -> Assessment:
    """Change a planned visit; the same again changes nothing.

    Raises `PermissionDenied`, or `ValidationError` by field: the visit is no longer planned, the questionnaire is
    another country's, the day is over, too far ahead, a closure day or one on which an assessor has another visit, or
    the assessors are not two of the country.
    """
    factory, found = _locked_plan(by, assessment)
    visit = Visit(tool, mode, start_date, assessors)
    before = set(found.assessors.values_list("person_id", flat=True))
    now = {person.pk for person in assessors}
    if (found.tool_id, found.mode, found.start_date, before) == (tool.pk, mode, start_date, now):
        return found
    _check_factory(factory, found)
    _check(factory, visit, found)
    found.tool, found.mode, found.start_date, found.end_date = tool, mode, start_date, None
    found.save(update_fields=["tool", "mode", "start_date", "end_date"])
    found.assessors.exclude(person__in=now).delete()
    Assessor.objects.bulk_create(Assessor(assessment=found, person_id=key) for key in sorted(now - before))
    _note(AssessmentEvent.PLAN_CHANGED, by, found, assessors)
    return found


@transaction.atomic
def cancel_plan(*, by: User, assessment: Assessment) -> None:
    """Delete a planned visit; its events stay. Idempotent. Raises `PermissionDenied`, or `HasChangedError`."""
    _locked(by, assessment.factory_id)
    if not Assessment.objects.filter(pk=assessment.pk).exists():
        return
    _factory, found = _locked_plan(by, assessment)
    _note(AssessmentEvent.PLAN_CANCELLED, by, found, [])
    found.delete()


def _locked(by: User, pk: int) -> Factory:
    """Lock a factory, and the country's staff as changes to them do: nobody is planned twice or while they leave."""
    factory = lock_factory(pk)
    require_planner(by, factory)
    CountryProgramme.objects.select_for_update(no_key=True).get(pk=factory.programme_id)
    return factory


def _locked_plan(by: User, assessment: Assessment) -> tuple[Factory, Assessment]:
    factory = _locked(by, assessment.factory_id)
    found = Assessment.objects.filter(pk=assessment.pk, state=Assessment.State.PLANNED).first()
    if found is None:
        raise HasChangedError(_("This visit is no longer planned. Open the plans again."))
    return factory, found


# --- what may be planned


def _check_factory(factory: Factory, plan: Assessment | None = None) -> None:
    if not factory.programme.assessments_allowed:  # R48
        raise ValidationError(_("No assessments take place in this country."))
    if factory.enrolment_status != Factory.Enrolment.ENROLLED:
        raise ValidationError(_("This factory is not enrolled. Enrol it before you plan a visit."))
    others = Assessment.objects.filter(factory=factory, state=Assessment.State.PLANNED)
    if (others.exclude(pk=plan.pk) if plan else others).exists():
        raise HasChangedError(_("A visit of this factory is planned already. Change that plan."))


def _check_cycle(factory: Factory, cycle: int) -> None:
    if cycle not in {factory.current_cycle, factory.current_cycle + 1}:
        raise ValidationError({"cycle": _("Choose the factory's present cycle or the next one.")})
    if is_cycle_taken(factory, cycle):
        raise ValidationError({"cycle": _("Cycle %d of this factory has an assessment already.") % cycle})


def _check(factory: Factory, visit: Visit, plan: Assessment | None) -> None:
    """Raise `ValidationError` by field; `plan` is the one that changes."""
    if visit.tool.kind != Tool.Kind.CAT or visit.tool.programme_id not in {None, factory.programme_id}:
        raise ValidationError({"tool": _("Choose a questionnaire of the factory's country.")})
    if visit.mode not in Assessment.Mode.values:
        raise ValidationError({"mode": _("Choose on site or virtual.")})
    _check_people(factory, visit)
    _check_days(factory, visit, plan)


def _check_people(factory: Factory, visit: Visit) -> None:
    keys = {person.pk for person in visit.assessors}
    if len(keys) != ASSESSORS_OF_A_VISIT or len(visit.assessors) != ASSESSORS_OF_A_VISIT:
        raise ValidationError({"second": _("Choose two different assessors.")})
    if assessors_of_country(factory.programme).filter(pk__in=keys).count() != ASSESSORS_OF_A_VISIT:
        raise ValidationError({"first": _("Choose Enterprise Advisors or team leaders of the factory's country.")})


def _check_days(factory: Factory, visit: Visit, plan: Assessment | None) -> None:
    first, last = visit.start_date, Assessment(mode=visit.mode, start_date=visit.start_date).planned_until
    if plan is None or plan.start_date != first:  # a visit that is late may get other assessors, not another late day
        if first < today(factory):
            raise ValidationError({"start_date": _("This day is over. Choose today or a later day.")})
        if first > today(factory) + PLANNED_AHEAD:
            raise ValidationError({"start_date": _("Choose a day at most one year ahead.")})
    closure = ClosureDays.objects.filter(factory=factory).within(first, last).order_by("first_day").first()
    if closure is not None:
        said = _("The factory is closed from %(first)s to %(last)s. Choose other days.")
        shown = {"first": written(closure.first_day), "last": written(closure.last_day)}
        raise ValidationError({"start_date": said % shown})
    _check_free(visit, first, last, plan)


def _check_free(visit: Visit, first: date, last: date, plan: Assessment | None) -> None:
    """Raise `ValidationError` if an assessor has another visit on one of the days. No other country is named."""
    earliest = first - timedelta(days=ON_SITE_DAYS - 1)
    near = Assessor.objects.filter(
        person__in=visit.assessors, assessment__start_date__range=(earliest, last), assessment__version=1
    ).exclude(assessment=plan.pk if plan else None)
    near = near.exclude(assessment__state=Assessment.State.WITHDRAWN)
    for other in near.select_related("assessment", "person").order_by("assessment__start_date", "pk"):
        if other.assessment.planned_until >= first:
            said = _("%(person)s has another visit on %(day)s. Choose another day or person.")
            shown = {"person": other.person, "day": written(other.assessment.start_date)}
            raise ValidationError({"start_date": said % shown})


def _note(kind: AssessmentEvent, by: User, assessment: Assessment, assessors: Sequence[User]) -> None:
    record(
        kind,
        by=by,
        factory_id=assessment.factory_id,
        subject=assessment.pk,
        cycle=assessment.cycle,
        version=assessment.version,
        mode=assessment.mode,
        start_date=assessment.start_date.isoformat(),
        assessors=sorted(person.pk for person in assessors),
    )
