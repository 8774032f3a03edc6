"""The states of an assessment and the steps between them: one table, the rest of the code asks it.

planned -> in_progress -> internal_review -> factory_review -> published -> superseded
                                                            published -> withdrawn (with a reason; kept)

A withdrawal takes the versions that the report had replaced along, so that none is read in its place. Both reviews can
be sent back a step. A correction is a new version that starts in internal review.

Nothing here plans a visit or takes answers in yet: assessments come in by import, in internal review. So the steps
before it are not offered (`Step.is_offered`), and nobody is shown their states as work to do (`OFFERED_STATES`).
Assessments that are in such a state are still listed where all are.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Step:
    """One allowed step: where from, where to, the programme's permission it needs, and its words on a button."""

    name: str
    source: str
    target: str
    permission: str
    label: Any
    is_offered: bool = True


STEPS = {
    step.name: step
    for step in [
        Step("start", "planned", "in_progress", "assess_country", _("Start"), is_offered=False),
        Step(
            "submit",
            "in_progress",
            "internal_review",
            "assess_country",
            _("Submit for internal review"),
            is_offered=False,
        ),
        Step(
            "return_to_assessors",
            "internal_review",
            "in_progress",
            "review_assessments",
            _("Return to assessors"),
            is_offered=False,
        ),
        Step("send_to_factory", "internal_review", "factory_review", "review_assessments", _("Send to factory")),
        Step(
            "take_back",
            "factory_review",
            "internal_review",
            "review_assessments",
            _("Take back from factory"),
        ),
        Step("publish", "factory_review", "published", "release_assessments", _("Publish")),
        Step("withdraw", "published", "withdrawn", "release_assessments", _("Withdraw")),
    ]
}

OFFERED_STEPS = {name: step for name, step in STEPS.items() if step.is_offered}
OFFERED_STATES = ("internal_review", "factory_review", "published", "superseded", "withdrawn")


def steps_from(state: str) -> list[Step]:
    """Return the offered steps that lead on from a state, in the order of a menu."""
    return [step for step in OFFERED_STEPS.values() if step.source == state]
