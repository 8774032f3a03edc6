"""Rights to take the steps of an assessment: staff of the country by role, advisors where they are assigned."""

from collections import defaultdict

from django.db.models import QuerySet, Value

from assessments.models import Assessment
from assessments.publication.states import STEPS, Step, StepName, steps_from
from factories.models import CountryProgramme, Factory
from portal.accounts.models import User
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor

# The advisor assigned to the factory, who holds no wider right, may also take the assessors' own steps.
ASSESSOR_STEPS = frozenset({StepName.START, StepName.SUBMIT})
WIDER_THAN_ASSIGNED = "view_assessments"
ASSIGNED = "assigned"


class StepRights:
    """The steps that one person may take on which factories, whatever the state: one query."""

    def __init__(self, user: User) -> None:
        self.held: dict[str, set[int]] = defaultdict(set)
        for name, pk in _held(user):
            self.held[name].add(pk)

    def allows(self, assessment: Assessment, step: Step) -> bool:
        """Return whether the person may take this step on this assessment's factory."""
        assessor_step = step.name in ASSESSOR_STEPS
        if assessor_step and assessment.factory_id in self.held[ASSIGNED]:
            return True
        permission = WIDER_THAN_ASSIGNED if assessor_step else step.permission
        return assessment.factory.programme_id in self.held[permission]

    def steps(self, assessment: Assessment) -> list[Step]:
        """Return the steps to offer on this assessment."""
        return [step for step in steps_from(assessment.state) if self.allows(assessment, step)]


def _rights_of(user: Visitor) -> "QuerySet[Factory, tuple[str, int]]":
    """Return pairs of a permission and a programme in which it is held, and the assigned factories: one query."""
    names = sorted({step.permission for step in STEPS.values()} | {WIDER_THAN_ASSIGNED})
    assigned = Factory.objects.where(user, "assess").order_by().values_list(Value(ASSIGNED), "pk")
    parts = [CountryProgramme.objects.where(user, name).order_by().values_list(Value(name), "pk") for name in names]
    return assigned.union(*parts)


_held: Prepared[Factory, tuple[str, int]] = Prepared(_rights_of)


def may_take_step(by: User, assessment: Assessment, name: str) -> bool:
    """Return whether `by` may take the step on one assessment, whatever its state."""
    return StepRights(by).allows(assessment, STEPS[name])
