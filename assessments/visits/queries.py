"""Plans of visits, and who may know of them: the programme's staff, never a factory or a brand (R47)."""

from calendar import monthrange
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from assessments.models import Assessment, Assessor
from assessments.visits.models import AssessmentQuerySet
from factories.models import (
    ClosureDays,
    ClosureDaysQuerySet,
    CountryProgramme,
    Factory,
    FactoryQuerySet,
    programme_keys,
)
from factories.role_names import ProgrammeRoleName
from factories.roles import PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import Visitor

DUE_MONTHS = 12
DUE_SOON_MONTHS = 10
ASSESSING = (ProgrammeRoleName.ENTERPRISE_ADVISOR, ProgrammeRoleName.TEAM_LEADER)


def plans_visible_to(user: Visitor) -> AssessmentQuerySet:
    """Return the visits that `user` may know of: those of the countries whose assessments they see, and their own.

    Their own are those that they were chosen for, as long as they work for that country's programme.
    """
    country = programme_keys(user, "view_assessments")
    chosen = Assessor.objects.filter(assessment=OuterRef("pk"), person=user.pk)
    own = Exists(chosen) & Q(factory__programme__in=programme_keys(user, "assess_country"))
    has_assessors = Exists(Assessor.objects.filter(assessment=OuterRef("pk")))
    visits = Assessment.objects.filter(Q(state=Assessment.State.PLANNED) | has_assessors, version=1)
    return visits.filter(Q(factory__programme__in=country) | own)


def closures_around_plans(user: Visitor) -> ClosureDaysQuerySet:
    """Return the closure days of the factories whose visits `user` may know of.

    An assessor is not assigned to the factory while the visit is only planned, and then does not see its closure days
    elsewhere.
    """
    visits = plans_visible_to(user).filter(factory=OuterRef("factory"))
    return ClosureDays.objects.filter(Exists(visits))


def assessors_of_country(programme: CountryProgramme) -> QuerySet[User]:
    """Return the active people who can be chosen for a visit: the country's advisors and team leaders, by name."""
    groups = PROGRAMME.role_groups(programme).filter(role__in=ASSESSING).values("group")
    chosen = User.groups.through._default_manager.filter(user_id=OuterRef("pk"), group_id__in=groups)
    people = User.objects.filter(Exists(chosen), is_active=True, is_integration=False)
    return people.order_by("name", "pk")


def plannable_by(user: Visitor) -> FactoryQuerySet:
    """Return the enrolled factories whose visits `user` plans, where assessments take place (R48)."""
    factories = Factory.objects.in_programmes_where(user, "review_assessments")
    return factories.filter(enrolment_status=Factory.Enrolment.ENROLLED, programme__assessments_allowed=True)


def months_later(day: date, months: int) -> date:
    """Return the same day so many months later (or earlier); the last day of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def due_before(factories: FactoryQuerySet, day: date) -> FactoryQuerySet:
    """Return the factories without a planned visit whose last assessment began before a day, with `last_first_day`."""
    planned = Assessment.objects.filter(factory=OuterRef("pk"), state=Assessment.State.PLANNED)
    begun = Assessment.objects.filter(factory=OuterRef("pk"), version=1).exclude(state__in=["planned", "withdrawn"])
    last = Subquery(begun.order_by("-start_date").values("start_date")[:1])
    return factories.filter(~Exists(planned)).annotate(last_first_day=last).filter(last_first_day__lt=day)


def is_cycle_taken(factory: Factory, cycle: int) -> bool:
    """Return whether the factory has an assessment in the cycle, planned ones included."""
    return Assessment.objects.filter(factory=factory, cycle=cycle).exists()


def next_cycle(factory: Factory) -> int:
    """Return the cycle to plan: the present one, or the next if the present one has an assessment."""
    return factory.current_cycle + is_cycle_taken(factory, factory.current_cycle)
