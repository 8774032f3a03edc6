"""The scopes that a factory can share: one row for each, from which everything else follows.

To add a scope, add a row here; docs/architecture.md lists what else it takes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Scope(models.TextChoices):
    """The kind of data that a grant opens. The values are also the endings of a brand's permissions `read_...`."""

    REPORT = "report", _("Assessment reports")
    STEP1 = "step1", _("Step 1 data")
    IMPROVEMENT_PLAN = "improvement_plan", _("Improvement plan (not on the portal yet)")


@dataclass(frozen=True)
class ScopeRule:
    """The rule of what one scope opens.

    `steps`: the SLCP steps of the questions whose answers belong to it, None meaning the programme's own questions;
    `counted_steps`: of these, the ones that carry a determination (R15). Without `steps` it opens no assessment.
    `is_offered`: it has data, so it can be shared and asked for; what was shared before stays listed.
    `lists_answers`: its documents list every question with its answer; without it, findings and counts.
    `brief` names it in a row before the numbers of cycles. For the pages of an assessment: `mark` names it in a list,
    `covers` says what its figures alone leave out, `about` introduces its answers.
    """

    scope: Scope
    steps: frozenset[int | None] = frozenset()
    counted_steps: frozenset[int | None] = frozenset()
    is_offered: bool = True
    lists_answers: bool = True
    brief: "StrOrPromise" = ""
    mark: "StrOrPromise" = ""
    covers: "StrOrPromise" = ""
    about: "StrOrPromise" = ""

    def __post_init__(self) -> None:
        if self.counted_steps - {None, 1}:
            raise ValueError(f"{self.scope}: SLCP Steps 2 and 3 never carry a determination (R15).")

    @property
    def opens_assessments(self) -> bool:
        """Whether a grant of it opens reports of cycles."""
        return bool(self.steps)

    @property
    def permission(self) -> str:
        """The permission of a brand's roles to read it."""
        return f"read_{self.scope.value}"

    @property
    def view_permission(self) -> str:
        """The permission of the app `assessments` that is checked for an assessment."""
        return f"view_{self.scope.value}"

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
        ScopeRule(
            Scope.REPORT,
            frozenset({None, 1, 2, 3}),
            frozenset({None, 1}),
            lists_answers=False,
            brief=_("Reports"),
            mark=_("Report"),
        ),
        ScopeRule(
            Scope.STEP1,
            frozenset({1}),
            frozenset({1}),
            brief=_("Step 1 data"),
            mark=_("Step 1 data"),
            covers=_("This covers Step 1 questions only."),
            about=_(
                "Every Step 1 question with its answer. Step 1 covers national law and international labour standards."
            ),
        ),
        ScopeRule(Scope.IMPROVEMENT_PLAN, is_offered=False),
    )
}
# The widest first: if two are open, the first one's figures are shown.
ASSESSMENT_SCOPES = tuple(rule.scope for rule in RULES.values() if rule.opens_assessments)
OFFERED_SCOPES = tuple(rule.scope.value for rule in RULES.values() if rule.is_offered)
# The choices that the API's description names (`ENUM_NAME_OVERRIDES`).
SCOPE_WORDS, ASSESSMENT_WORDS = list(Scope.values), [scope.value for scope in ASSESSMENT_SCOPES]
OFFERED_CHOICES = [(scope, Scope(scope).label) for scope in OFFERED_SCOPES]


def rule_of(scope: str) -> ScopeRule:
    """Return the rule of a scope. Raises `ValueError` for an unknown scope: what is not known opens nothing."""
    try:
        return RULES[str(scope)]
    except KeyError as error:
        raise ValueError(f"There is no scope {scope!r}.") from error
