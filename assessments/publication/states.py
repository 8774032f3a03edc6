"""The states of an assessment and the steps between them, in one table that the rest of the code uses.

planned -> in_progress -> internal_review -> factory_review -> published -> superseded
                                                            published -> withdrawn (with a reason; kept)

A withdrawal also withdraws the versions that the report had replaced, so that none is read in its place. From both
reviews an assessment can go back one step. A correction is a new version that starts in internal review.

Nothing here records answers yet: visits are planned (`assessments.visits.planning`), and tables are imported, in
internal review. So the steps before it are not offered (`Step.is_offered`), and nobody is shown their states as work to
do (`OFFERED_STATES`). Assessments in such a state are still listed wherever all are; planned ones are in the calendar.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from assessments.events import AssessmentEvent
from assessments.models import Assessment

State = Assessment.State


class StepName(StrEnum):
    """The name of a step, in addresses."""

    START = "start"
    SUBMIT = "submit"
    RETURN_TO_ASSESSORS = "return_to_assessors"
    SEND_TO_FACTORY = "send_to_factory"
    TAKE_BACK = "take_back"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"


EVENT_OF_STEP = {
    StepName.START: AssessmentEvent.STARTED,
    StepName.SUBMIT: AssessmentEvent.SUBMITTED,
    StepName.RETURN_TO_ASSESSORS: AssessmentEvent.RETURNED,
    StepName.SEND_TO_FACTORY: AssessmentEvent.SENT_TO_FACTORY,
    StepName.TAKE_BACK: AssessmentEvent.RECALLED,
    StepName.PUBLISH: AssessmentEvent.PUBLISHED,
    StepName.WITHDRAW: AssessmentEvent.WITHDRAWN,
}


@dataclass(frozen=True)
class Step:
    """One allowed step: from and to which state, the programme's permission it needs, and its label on a button."""

    name: StepName
    source: State
    target: State
    permission: str
    label: object
    is_offered: bool = True


STEPS: dict[str, Step] = {
    step.name: step
    for step in [
        Step(StepName.START, State.PLANNED, State.IN_PROGRESS, "assess_country", _("Start"), is_offered=False),
        Step(
            StepName.SUBMIT,
            State.IN_PROGRESS,
            State.INTERNAL_REVIEW,
            "assess_country",
            _("Submit for internal review"),
            is_offered=False,
        ),
        Step(
            StepName.RETURN_TO_ASSESSORS,
            State.INTERNAL_REVIEW,
            State.IN_PROGRESS,
            "review_assessments",
            _("Return to assessors"),
            is_offered=False,
        ),
        Step(
            StepName.SEND_TO_FACTORY,
            State.INTERNAL_REVIEW,
            State.FACTORY_REVIEW,
            "review_assessments",
            _("Send to factory"),
        ),
        Step(
            StepName.TAKE_BACK,
            State.FACTORY_REVIEW,
            State.INTERNAL_REVIEW,
            "review_assessments",
            _("Return to internal review"),
        ),
        Step(StepName.PUBLISH, State.FACTORY_REVIEW, State.PUBLISHED, "release_assessments", _("Publish")),
        Step(StepName.WITHDRAW, State.PUBLISHED, State.WITHDRAWN, "release_assessments", _("Withdraw")),
    ]
}

OFFERED_STEPS = {name: step for name, step in STEPS.items() if step.is_offered}
OFFERED_STATES = (State.INTERNAL_REVIEW, State.FACTORY_REVIEW, State.PUBLISHED, State.SUPERSEDED, State.WITHDRAWN)


def steps_from(state: str) -> list[Step]:
    """Return the offered steps that lead on from a state, in the order of a menu."""
    return [step for step in OFFERED_STEPS.values() if step.source == state]
