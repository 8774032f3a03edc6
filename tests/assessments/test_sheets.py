"""The engine of answer sheets, with a kind of sheets that is no assessment."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from assessments.questionnaires.models import Question
from assessments.sheets import kinds
from assessments.sheets.models import AnswerSheet, Entry, Mutation
from assessments.sheets.services import Change, Result, SheetClosed, open_conflicts, summary_of, write
from portal.accounts.models import User
from tests.world import World

pytestmark = pytest.mark.django_db
PHONE, LAPTOP = uuid4(), uuid4()


class SafetyRound(kinds.SheetKind):
    """A form that worker representatives fill in; open until it is closed."""

    name: ClassVar = "safety_round"
    closed: ClassVar[set[UUID]] = set()

    def may_write(self, user: User, sheet: AnswerSheet) -> bool:
        return user.email.startswith(("representative", "member"))

    def is_open(self, sheet: AnswerSheet) -> bool:
        return sheet.pk not in self.closed


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[SafetyRound]:
    monkeypatch.setattr(kinds, "_KINDS", {})
    found = SafetyRound()
    kinds.register_kind(found)
    yield found
    found.closed.clear()


@pytest.fixture
def sheet(world: World) -> AnswerSheet:
    return AnswerSheet.objects.create(
        kind="safety_round", tool=world.tool, programme=world.cambodia, law_on=timezone.localdate()
    )


def change(sheet: AnswerSheet, ext_id: str, text: str, base: int = 0, **more: object) -> Change:
    question = Question.objects.get(tool=sheet.tool_id, ext_id=ext_id)
    values = {"id": uuid4(), "field": "value", "made_at": timezone.now(), **more}
    return Change(question=question.pk, text=text, base=base, **values)  # type: ignore[arg-type]


def send(world: World, sheet: AnswerSheet, *changes: Change, persona: str = "representative_a") -> list[Result]:
    device = PHONE if persona == "representative_a" else LAPTOP
    return write(by=world.person(persona), sheet=sheet, device=device, changes=changes)


def texts(sheet: AnswerSheet) -> dict[tuple[str, str], str]:
    rows = Entry.objects.filter(sheet=sheet).values_list("question__ext_id", "field", "text")
    return {(ext_id, field): text for ext_id, field, text in rows}


def test_a_change_is_applied_once_however_often_it_is_sent(world: World, sheet: AnswerSheet) -> None:
    first = change(sheet, "1010", "nc")
    [told] = send(world, sheet, first)
    [again] = send(world, sheet, first)
    twice = send(world, sheet, first, first)
    assert told == Result(first.id, "applied", 1, "nc")
    assert [again, *twice] == [told] * 3
    assert Mutation.objects.count() == 1
    assert texts(sheet) == {("1010", "value"): "nc"}


def test_two_people_change_one_note_and_nobodys_text_is_lost(world: World, sheet: AnswerSheet) -> None:
    send(world, sheet, change(sheet, "1010", "Two exits were locked.", field="note"))
    late = change(sheet, "1010", "One exit was blocked by boxes.", field="note")
    [told] = send(world, sheet, late, persona="member_a")
    assert told == Result(late.id, "conflict", 1, "Two exits were locked.")
    [conflict] = open_conflicts(sheet)
    assert (conflict.text, conflict.by) == ("One exit was blocked by boxes.", world.person("member_a"))

    both = "Two exits were locked. One exit was blocked by boxes."
    [told] = send(world, sheet, change(sheet, "1010", both, base=1, field="note", resolves=late.id), persona="member_a")
    assert (told.outcome, told.revision) == ("applied", 2)
    assert open_conflicts(sheet) == []
    assert texts(sheet) == {("1010", "note"): both}
    assert list(Mutation.objects.order_by("received_at").values_list("text", flat=True)) == [
        "Two exits were locked.",
        "One exit was blocked by boxes.",
        both,
    ]


def test_a_decision_that_is_overtaken_leaves_the_conflict_open(world: World, sheet: AnswerSheet) -> None:
    send(world, sheet, change(sheet, "1010", "nc"))
    late = change(sheet, "1010", "compliant")
    send(world, sheet, late, persona="member_a")
    send(world, sheet, change(sheet, "1010", "not_applicable", base=1))
    decision = change(sheet, "1010", "compliant", base=1, resolves=late.id)
    [told] = send(world, sheet, decision, persona="member_a")
    assert (told.outcome, told.text) == ("conflict", "not_applicable")
    assert {one.pk for one in open_conflicts(sheet)} == {late.id, decision.id}


def test_the_parts_of_an_answer_do_not_disturb_each_other(world: World, sheet: AnswerSheet) -> None:
    send(world, sheet, change(sheet, "1010", "nc"))
    results = send(
        world,
        sheet,
        change(sheet, "1010", "Seen in the cutting hall.", field="note"),
        change(sheet, "1010", timezone.localdate().isoformat(), field="evidence_on"),
        change(sheet, "1010", "nc"),
        persona="member_a",
    )
    assert [one.outcome for one in results] == ["applied", "applied", "same"]
    assert open_conflicts(sheet) == []


def test_an_answer_can_be_taken_away(world: World, sheet: AnswerSheet) -> None:
    send(world, sheet, change(sheet, "1010", "nc"))
    assert summary_of(sheet)[0] == 1
    send(world, sheet, change(sheet, "1010", "", base=1))
    assert texts(sheet) == {("1010", "value"): ""}
    assert summary_of(sheet)[0] == 0


@pytest.mark.parametrize(
    ("ext_id", "more", "message"),
    [
        ("1010", {"text": "maybe"}, "“maybe” cannot be the answer to question 1010."),
        ("1010", {"text": "x" * 4001, "field": "note"}, "A note has at most 4000 characters."),
        ("1010", {"text": "03/04/2026", "field": "evidence_on"}, "Write the date of the evidence as year-month-day."),
        ("1010", {"text": "20260101", "field": "evidence_on"}, "Write the date of the evidence as year-month-day."),
        ("1010", {"text": "a\x00b", "field": "note"}, "This change is damaged. Enter the answer again."),
        ("1010", {"text": "a\ud800b", "field": "note"}, "This change is damaged. Enter the answer again."),
        ("1010", {"text": "nc", "base": -1}, "This change is damaged. Enter the answer again."),
        ("1010", {"text": "2999-01-01", "field": "evidence_on"}, "The date of the evidence cannot be in the future."),
        ("1010", {"text": "x", "field": "photo"}, "An answer has no such part."),
        ("1010", {"text": "nc", "resolves": uuid4()}, "This answer has no such conflict."),
    ],
)
def test_what_is_wrong_is_said_by_number_and_nothing_is_applied(
    world: World, sheet: AnswerSheet, ext_id: str, more: dict[str, object], message: str
) -> None:
    good, wrong = change(sheet, "1012", "nc"), change(sheet, ext_id, **more)  # type: ignore[arg-type]
    with pytest.raises(ValidationError) as refused:
        send(world, sheet, good, wrong)
    assert refused.value.message_dict == {str(wrong.id): [message]}
    assert texts(sheet) == {}


def test_a_request_has_at_most_a_hundred_changes(world: World, sheet: AnswerSheet) -> None:
    one = change(sheet, "1010", "nc")
    with pytest.raises(ValidationError, match="Send at most 100 changes at a time"):
        send(world, sheet, *[one] * 101)


def test_a_question_of_another_questionnaire_is_refused(world: World, sheet: AnswerSheet) -> None:
    other = Question.objects.filter(type="NC").exclude(tool=world.tool).first()
    assert other is not None
    foreign = Change(uuid4(), other.pk, "value", "nc", 0, timezone.now())
    with pytest.raises(ValidationError, match="not in the questionnaire of this form"):
        send(world, sheet, foreign)


def test_a_closed_form_refuses_what_is_new_and_knows_what_it_had(
    world: World, sheet: AnswerSheet, kind: SafetyRound
) -> None:
    had = change(sheet, "1010", "nc")
    send(world, sheet, had)
    kind.closed.add(sheet.pk)
    assert [one.outcome for one in send(world, sheet, had)] == ["applied"]
    with pytest.raises(SheetClosed):
        send(world, sheet, change(sheet, "1012", "nc"))


def test_who_may_not_write_does_not(world: World, sheet: AnswerSheet) -> None:
    with pytest.raises(PermissionDenied):
        send(world, sheet, change(sheet, "1010", "nc"), persona="brand_a_member")


def test_a_clock_that_runs_ahead_is_not_believed(world: World, sheet: AnswerSheet) -> None:
    send(world, sheet, change(sheet, "1010", "nc", made_at=timezone.now() + timedelta(days=400)))
    assert Mutation.objects.get().made_at < timezone.now() + timedelta(minutes=11)


@pytest.mark.parametrize("how", ["change", "delete"])
def test_history_cannot_be_changed(world: World, sheet: AnswerSheet, how: str) -> None:
    send(world, sheet, change(sheet, "1010", "nc"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Mutation.objects.update(text="compliant") if how == "change" else Mutation.objects.all().delete()
    assert Mutation.objects.get().text == "nc"
