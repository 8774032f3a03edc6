"""Filling in a sheet: what devices send is applied once, and nothing that a person wrote is lost."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.questionnaires.answers import MOST_TEXT, is_answer, is_date
from assessments.questionnaires.models import Question
from assessments.sheets.kinds import kind_of
from assessments.sheets.models import AnswerSheet, Entry, Field, Mutation
from portal.accounts.models import User
from portal.core.days import last_today

MOST_MUTATIONS = 100  # in one request
CLOCK_AHEAD = timedelta(minutes=10)  # how far a device's clock may run ahead before its moments are not believed
MOST_REVISIONS = 2**31
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what PostgreSQL does not keep in a text
Outcome = Mutation.Outcome


class SheetClosed(Exception):  # noqa: N818 - what happened
    """The sheet takes no more changes; what was sent stays on the device, which says so."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change as a device sends it: its number, the field of an answer, the revision that the person saw."""

    id: UUID
    question: int
    field: str
    text: str
    base: int
    made_at: datetime
    resolves: UUID | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a change: the entry's revision and text now, which in a conflict are somebody else's."""

    id: UUID
    outcome: str
    revision: int
    text: str


@transaction.atomic
def write(*, by: User, sheet: AnswerSheet, device: UUID, changes: Sequence[Change]) -> list[Result]:
    """Apply changes to a sheet in their order; return what became of each.

    A change whose number was received before is not applied again: it gets the answer that it had. One that was based
    on another revision of its field is kept as a conflict, unless it says the same as the sheet. Nothing of the
    request is applied if any of it is wrong. Raises `PermissionDenied`, `SheetClosed`, or `ValidationError` by number.
    """
    kind = kind_of(sheet)
    if not kind.may_write(by, sheet):
        raise PermissionDenied(_("You cannot fill in this form."))
    if len(changes) > MOST_MUTATIONS:
        raise ValidationError(_("Send at most %s changes at a time.") % MOST_MUTATIONS)
    sheet = AnswerSheet.objects.select_for_update(no_key=True).get(pk=sheet.pk)
    done = {one.pk: one for one in Mutation.objects.filter(pk__in=[change.id for change in changes])}
    fresh = list({change.id: change for change in changes if change.id not in done}.values())
    if fresh and not kind.is_open(sheet):
        raise SheetClosed
    asked = {change.question for change in changes}
    entries = {(one.question_id, one.field): one for one in Entry.objects.filter(sheet=sheet, question__in=asked)}
    _refuse_wrong(sheet, changes, done)
    made = [_applied(by, sheet, device, change, entries) for change in fresh]
    Mutation.objects.bulk_create(made)
    _save(entries.values(), made)
    return [
        _result(one, entries) for one in ({**done, **{one.pk: one for one in made}}[change.id] for change in changes)
    ]


def _refuse_wrong(sheet: AnswerSheet, changes: Sequence[Change], done: dict[UUID, Mutation]) -> None:
    """Raise `ValidationError` for changes that this sheet cannot have, all of them, by their numbers."""
    questions = Question.objects.filter(tool=sheet.tool_id).in_bulk([change.question for change in changes])
    wrong: dict[str, str] = {}
    for change in changes:
        question = questions.get(change.question)
        received = done.get(change.id)
        if question is None:
            wrong[str(change.id)] = _("This question is not in the questionnaire of this form.")
        elif received is not None and received.sheet_id != sheet.pk:
            wrong[str(change.id)] = _("This change belongs to another form.")
        elif reason := _misfit(question, change):
            wrong[str(change.id)] = reason
    wrong |= _wrongly_resolved(sheet, changes)
    if wrong:
        raise ValidationError(wrong)


def _wrongly_resolved(sheet: AnswerSheet, changes: Sequence[Change]) -> dict[str, str]:
    """Return what is wrong with changes that decide a conflict, by their numbers: it must be one of the same field."""
    deciding = [change for change in changes if change.resolves]
    if not deciding:
        return {}
    conflicts = Mutation.objects.filter(sheet=sheet, outcome=Outcome.CONFLICT)
    places = {
        pk: (question, field)
        for pk, question, field in conflicts.filter(pk__in=[change.resolves for change in deciding]).values_list(
            "pk", "question", "field"
        )
    }
    return {
        str(change.id): _("This answer has no such conflict.")
        for change in deciding
        if change.resolves and places.get(change.resolves) != (change.question, change.field)
    }


def _misfit(question: Question, change: Change) -> str:
    """Return why a text cannot be in this field of an answer; empty if it can. No text empties the field."""
    if change.field not in Field.values:
        return _("An answer has no such part.")
    if not 0 <= change.base < MOST_REVISIONS or UNSTORABLE.search(change.text):
        return _("This change is damaged. Enter the answer again.")
    if not change.text:
        return ""
    if change.field == Field.VALUE and not is_answer(question.answer_type, change.text, question.options):
        return _("“%(value)s” cannot be the answer to question %(question)s.") % {
            "value": change.text[:60],
            "question": question.ext_id,
        }
    if change.field == Field.NOTE and len(change.text) > MOST_TEXT:
        return _("A note has at most %s characters.") % MOST_TEXT
    if change.field == Field.EVIDENCE_ON:
        return _misdated(change)
    return ""


def _misdated(change: Change) -> str:
    if not is_date(change.text):
        return _("Write the date of the evidence as year-month-day.")
    return (
        ""
        if date.fromisoformat(change.text) <= last_today()
        else _("The date of the evidence cannot be in the future.")
    )


def _applied(
    by: User, sheet: AnswerSheet, device: UUID, change: Change, entries: dict[tuple[int, str], Entry]
) -> Mutation:
    """Apply a change to `entries`, and return the mutation that says what became of it."""
    place = change.question, change.field
    entry = entries.get(place)
    text, revision = (entry.text, entry.revision) if entry else ("", 0)
    if change.text == text:
        outcome = Outcome.SAME
    elif change.base != revision:
        outcome = Outcome.CONFLICT
    else:
        outcome, revision = Outcome.APPLIED, revision + 1
        entries[place] = Entry(
            pk=entry.pk if entry else None,
            sheet=sheet,
            question_id=change.question,
            field=change.field,
            text=change.text,
            revision=revision,
            changed_by=by,
            changed_at=timezone.now(),
        )
    return Mutation(
        id=change.id,
        sheet=sheet,
        question_id=change.question,
        field=change.field,
        text=change.text,
        base=change.base,
        revision=revision,
        outcome=outcome,
        resolves_id=change.resolves,
        device=device,
        by=by,
        made_at=min(change.made_at, timezone.now() + CLOCK_AHEAD),
    )


def _save(entries: Iterable[Entry], made: Sequence[Mutation]) -> None:
    changed = {(one.question_id, one.field) for one in made if one.outcome == Outcome.APPLIED}
    Entry.objects.bulk_create(
        [one for one in entries if (one.question_id, one.field) in changed],
        update_conflicts=True,
        unique_fields=["sheet", "question", "field"],
        update_fields=["text", "revision", "changed_by", "changed_at"],
    )


def _result(mutation: Mutation, entries: dict[tuple[int, str], Entry]) -> Result:
    entry = entries.get((mutation.question_id, mutation.field))
    return Result(mutation.pk, mutation.outcome, entry.revision if entry else 0, entry.text if entry else "")


def open_conflicts(sheet: AnswerSheet) -> list[Mutation]:
    """Return the changes that wait for a person's decision, the oldest first."""
    waiting = Mutation.objects.filter(sheet=sheet, outcome=Outcome.CONFLICT)
    decided = Mutation.objects.filter(resolves=OuterRef("pk")).exclude(outcome=Outcome.CONFLICT)
    found = waiting.exclude(Exists(decided)).select_related("by", "question").order_by("received_at", "pk")
    return list(found)


def summary_of(sheet: AnswerSheet) -> tuple[int, str]:
    """Return how many fields a sheet has filled in, and the SHA-256 of them, which a device compares with its own.

    Hashed are lines of the question's key, the field and the SHA-256 of its text in UTF-8, in their order.
    """
    filled = Entry.objects.filter(sheet=sheet).exclude(text="").order_by("question", "field")
    rows = filled.values_list("question", "field", "text")
    lines = [f"{question} {field} {sha256(text.encode()).hexdigest()}\n" for question, field, text in rows]
    return len(lines), sha256("".join(lines).encode()).hexdigest()
