"""What a factory can share: one row for each scope, from which everything else follows.

To add a scope, add a row here; docs/architecture.md lists what else it takes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a grant opens. The words are also the ends of the permissions `read_...` of a brand's roles."""

    REPORT = "report", _("Assessment reports")
    STEP1 = "step1", _("Step 1 data")
    IMPROVEMENT_PLAN = "improvement_plan", _("Improvement plan (not on the portal yet)")


@dataclass(frozen=True)
class ScopeRule:
    """What one scope opens.

    `steps`: the SLCP steps of the questions whose answers belong to it, None standing for the programme's own
    questions; `counted_steps`: of these, the ones that carry a determination (R15). Empty: it opens no assessment.
    `is_offered`: there is something behind it, so it can be shared and asked for; what was shared before stays listed.
    """

    scope: Scope
    steps: frozenset[int | None] = frozenset()
    counted_steps: frozenset[int | None] = frozenset()
    is_offered: bool = True

    @property
    def opens_assessments(self) -> bool:
        """Whether a grant of it opens reports of cycles."""
        return bool(self.steps)

    @property
    def permission(self) -> str:
        """The permission of a brand's roles to read it."""
        return f"read_{self.scope.value}"

    def answers(self, step: str = "question__step") -> Q:
        """Return the condition that an answer belongs to the scope; `step` names the path to its question's step."""
        return steps_among(self.steps, step)


def steps_among(steps: Iterable[int | None], path: str) -> Q:
    """Return the condition that the column at `path` is one of `steps`."""
    numbers = sorted(step for step in steps if step is not None)
    condition = Q((f"{path}__in", numbers))
    return condition | Q((f"{path}__isnull", True)) if None in steps else condition


# In the order in which they are shown. A report holds every question; Step 1 data the questions of SLCP's first step.
RULES: dict[str, ScopeRule] = {
    rule.scope.value: rule
    for rule in (
        ScopeRule(Scope.REPORT, frozenset({None, 1, 2, 3}), frozenset({None, 1})),
        ScopeRule(Scope.STEP1, frozenset({1}), frozenset({1})),
        ScopeRule(Scope.IMPROVEMENT_PLAN, is_offered=False),
    )
}
ASSESSMENT_SCOPES = tuple(rule.scope for rule in RULES.values() if rule.opens_assessments)
OFFERED_SCOPES = tuple(rule.scope.value for rule in RULES.values() if rule.is_offered)
OFFERED_CHOICES = [(scope, Scope(scope).label) for scope in OFFERED_SCOPES]
READ_PERMISSIONS = tuple(rule.permission for rule in RULES.values())


def rule_of(scope: str) -> ScopeRule:
    """Return the rule of a scope. Raises `ValueError` for a word that is none: what is not known opens nothing."""
    try:
        return RULES[str(scope)]
    except KeyError as error:
        raise ValueError(f"There is no scope {scope!r}.") from error
