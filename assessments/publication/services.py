"""Changes to assessments: the steps between states, and corrections. One transaction, one event each.

Each of them locks the factory row first, as consent does, so that a publication and a revoke never overtake each other.
"""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.answering.digests import answer_digests
from assessments.corrections.holders import write_correction_notices
from assessments.events import AssessmentEvent
from assessments.figures.services import freeze, thaw
from assessments.models import Answer, Assessment
from assessments.notices import notify_in_review, notify_published, notify_withdrawn
from assessments.publication.rights import may_take_step
from assessments.publication.states import EVENT_OF_STEP, STEPS, StepName
from factories.models import Factory
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.days import today
from portal.core.events import record
from portal.core.names import one_line
from sharing.visibility.services import announce_publication, close_report, open_report


@transaction.atomic
def take_step(*, by: User, assessment: Assessment, name: str, reason: str = "") -> Assessment:
    """Take an assessment one step on, as named in `assessments.publication.states.STEPS`.

    Asking for a step that was just taken (a double click) changes nothing. Raises `PermissionDenied`, or
    `ValidationError` when the assessment is in another state, has no answers, or a withdrawal has no reason.
    """
    if name not in STEPS:
        raise ValidationError(_("There is no such step."))
    lock_factory(assessment.factory_id)
    if not may_take_step(by, assessment, name):
        raise PermissionDenied(_("Your role does not allow this step."))
    assessment = Assessment.objects.select_related("factory__programme", "report").get(pk=assessment.pk)
    step = STEPS[name]
    if assessment.state == step.target and name != StepName.RETURN_TO_ASSESSORS:
        return assessment
    if assessment.state != step.source:
        raise HasChangedError(
            _("This assessment is now “%(state)s”. Load the page again before you decide.")
            % {"state": assessment.get_state_display()}
        )
    _prepare(assessment, name, reason)
    assessment.state = step.target
    assessment.save()
    # The event of a publication says what was published: the digest of the answers.
    found = {"answers": answer_digests([assessment.pk])[assessment.pk]} if name == StepName.PUBLISH else {}
    _record(EVENT_OF_STEP[step.name], by, assessment, **found)
    _tell(assessment, name)
    if name == StepName.WITHDRAW:
        _withdraw_replaced(by, assessment)
    return assessment


def _withdraw_replaced(by: User, assessment: Assessment) -> None:
    """Also withdraw the versions that it had replaced: none of them becomes the one that is read for this cycle."""
    state = Assessment.State
    earlier = Assessment.objects.filter(
        factory=assessment.factory_id, cycle=assessment.cycle, state=state.SUPERSEDED, version__lt=assessment.version
    )
    for one in earlier.order_by("-version"):
        one.state = state.WITHDRAWN
        one.withdrawn_at, one.withdrawn_reason = assessment.withdrawn_at, assessment.withdrawn_reason
        one.save()
        _record(AssessmentEvent.WITHDRAWN, by, one, withdrawn_with=str(assessment.pk))
        write_correction_notices(one)


def _tell(assessment: Assessment, name: str) -> None:
    """Notify those concerned by the step: the factory, the brands it shares with, and holders of what it replaces."""
    if name == StepName.SEND_TO_FACTORY:
        notify_in_review(assessment)
    elif name == StepName.PUBLISH:
        if assessment.supersedes is not None:
            write_correction_notices(assessment.supersedes, successor=assessment)
        notify_published(assessment)
    elif name == StepName.WITHDRAW:
        write_correction_notices(assessment)
        notify_withdrawn(assessment)


def _prepare(assessment: Assessment, name: str, reason: str) -> None:
    now = timezone.now()
    if name in {StepName.SUBMIT, StepName.SEND_TO_FACTORY, StepName.PUBLISH} and not assessment.answers.exists():
        raise ValidationError(_("This assessment has no answers yet."))
    if name == StepName.SUBMIT and assessment.end_date is None:
        assessment.end_date = max(today(assessment.factory), assessment.start_date)
    elif name == StepName.SEND_TO_FACTORY:
        assessment.released_at = now
        freeze(assessment.pk)
        # Not earlier: the factory would learn of an assessment that it does not know of yet (R47).
        Factory.objects.filter(pk=assessment.factory_id, current_cycle__lt=assessment.cycle).update(
            current_cycle=assessment.cycle
        )
    elif name == StepName.TAKE_BACK:
        assessment.released_at = None
        thaw(assessment.pk)
    elif name == StepName.PUBLISH:
        assessment.published_at = now
        assessment.report = open_report(factory_id=assessment.factory_id, cycle=assessment.cycle, at=now)
        assessment.first_published_at = assessment.report.first_published_at
        _supersede_previous(assessment)
        announce_publication(factory_id=assessment.factory_id, assessment_id=assessment.pk, cycle=assessment.cycle)
    elif name == StepName.WITHDRAW:
        if not one_line(reason):
            raise ValidationError({"reason": _("Say why the report is withdrawn.")})
        assessment.withdrawn_at, assessment.withdrawn_reason = now, reason.strip()[:500]
        if assessment.report is not None:
            close_report(assessment.report, at=now)


def _supersede_previous(assessment: Assessment) -> None:
    """Mark the version that this one corrects as superseded, in the same transaction: there is always one current."""
    if assessment.supersedes_id is not None:
        Assessment.objects.filter(pk=assessment.supersedes_id, state=Assessment.State.PUBLISHED).update(
            state=Assessment.State.SUPERSEDED, superseded_at=assessment.published_at
        )


@transaction.atomic
def start_correction(*, by: User, assessment: Assessment, note: str) -> Assessment:
    """Create a new version of an assessment that is published or withdrawn, with the same answers, in internal review.

    The old version stays as it is, and readable, until the new one is published. Raises `PermissionDenied`, or
    `ValidationError` when it is neither, has a correction under way, or no note says what changes.
    """
    lock_factory(assessment.factory_id)
    if not may_take_step(by, assessment, StepName.SEND_TO_FACTORY):
        raise PermissionDenied(_("Only the country's staff can correct a report."))
    assessment = Assessment.objects.get(pk=assessment.pk)
    if assessment.state not in {Assessment.State.PUBLISHED, Assessment.State.WITHDRAWN}:
        raise HasChangedError(_("Only a published or withdrawn report can be corrected."))
    if Assessment.objects.filter(supersedes=assessment).exists():
        raise HasChangedError(_("A correction of this report is already under way."))
    if not one_line(note):
        raise ValidationError({"note": _("Say what the correction changes. Readers of the old version are notified.")})
    versions = Assessment.objects.filter(factory=assessment.factory_id, cycle=assessment.cycle)
    correction = Assessment.objects.create(
        factory_id=assessment.factory_id,
        cycle=assessment.cycle,
        version=versions.aggregate(newest=Max("version"))["newest"] + 1,
        supersedes=assessment,
        tool_id=assessment.tool_id,
        quest_id=assessment.quest_id,
        mode=assessment.mode,
        state=Assessment.State.INTERNAL_REVIEW,
        start_date=assessment.start_date,
        end_date=assessment.end_date,
        correction_note=note.strip()[:1000],
    )
    _copy_answers(assessment, correction)
    _record(AssessmentEvent.CORRECTION_STARTED, by, correction, corrects=str(assessment.pk))
    return correction


def is_unchanged_correction(assessment: Assessment) -> bool:
    """Return whether a correction answers every question as the version that it is to replace does."""
    if assessment.supersedes_id is None:
        return False
    columns = ("question", "finding", "value", "note", "tags")
    mine, theirs = (
        Answer.objects.filter(assessment=key).order_by("question").values_list(*columns)
        for key in (assessment.pk, assessment.supersedes_id)
    )
    return list(mine) == list(theirs)


def _copy_answers(source: Assessment, target: Assessment) -> None:
    fields = ("question_id", "finding", "value", "note", "provenance", "tags")
    rows = Answer.objects.filter(assessment=source).values(*fields)
    Answer.objects.bulk_create(Answer(assessment=target, **row) for row in rows)


def _record(kind: AssessmentEvent, by: User, assessment: Assessment, **data: Any) -> None:
    record(
        kind,
        by=by,
        factory_id=assessment.factory_id,
        subject=assessment.pk,
        cycle=assessment.cycle,
        version=assessment.version,
        **data,
    )
