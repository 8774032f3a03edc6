"""The demo's assessments: rows first, then answers, then their states, as the database requires."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from assessments.answering.digests import answer_digests
from assessments.events import AssessmentEvent
from assessments.figures.services import freeze, released
from assessments.models import Answer, Assessment, Tool
from factories.models import Factory
from portal.accounts.models import User
from portal.demo.load.rows import History, copy_rows
from portal.demo.load.tools import QuestionKeys
from portal.demo.plan import dice, moment
from portal.demo.plan.answers import AnswerPlan, answers_of, corrected_question, tool_of
from portal.demo.plan.people import advisor_emails, staff_email
from portal.demo.plan.visits import VisitPlan
from sharing.models import CycleReport

COLUMNS = (
    "id", "factory_id", "cycle", "version", "supersedes_id", "tool_id", "quest_id", "mode", "state",
    "start_date", "end_date", "content_hash", "created_at", "released_at", "published_at", "withdrawn_at",
    "withdrawn_reason", "correction_note",
)  # fmt: skip
ANSWER_COLUMNS = ("assessment_id", "question_id", "finding", "value", "note", "provenance")


def load_assessments(
    visits: Sequence[VisitPlan],
    factories: dict[str, Factory],
    tools: dict[str, Tool],
    questions: QuestionKeys,
) -> int:
    """Write every assessment with its answers; return how many answers."""
    answered = list(_answered(visits))
    rows = [_row(visit, answers, previous, factories, tools) for visit, answers, previous in answered]
    copy_rows(Assessment, COLUMNS, rows)
    copy_rows(Answer, ANSWER_COLUMNS, _answer_rows(answered, questions))
    Tool.objects.filter(assessments__isnull=False).update(used_at=timezone.now())
    _load_reports(visits, factories)
    for state in Assessment.State.values:
        for superseded_at, own in _by_end(visit for visit in visits if visit.state == state).items():
            Assessment.objects.filter(pk__in=own).update(state=state, superseded_at=superseded_at)
    freeze(*released())
    return sum(len(answers) for _, answers, _ in answered)


def _by_end(visits: Iterable[VisitPlan]) -> dict[datetime | None, list[UUID]]:
    """Return the visits' keys by the moment at which another version replaced them; most have none."""
    found: dict[datetime | None, list[UUID]] = {}
    for visit in visits:
        found.setdefault(visit.superseded_at, []).append(visit.id)
    return found


def _load_reports(visits: Iterable[VisitPlan], factories: dict[str, Factory]) -> None:
    """Write the report of each cycle in which something was published, and which assessments are its versions."""
    reports = {
        (factories[visit.factory.bw_id].pk, visit.cycle): CycleReport(
            factory=factories[visit.factory.bw_id],
            cycle=visit.cycle,
            first_published_at=first,
            withdrawn_at=visit.withdrawn_at,
        )
        for visit in visits
        if (first := visit.first_published_at or visit.published_at)
    }
    CycleReport.objects.bulk_create(reports.values())
    own = CycleReport.objects.filter(factory=OuterRef("factory"), cycle=OuterRef("cycle"))
    Assessment.objects.filter(published_at__isnull=False).update(
        report=Subquery(own.values("pk")[:1]), first_published_at=Subquery(own.values("first_published_at")[:1])
    )


Answered = tuple[VisitPlan, list[AnswerPlan], list[AnswerPlan]]


def _answered(visits: Iterable[VisitPlan]) -> Iterator[Answered]:
    """Yield each visit with its answers and those of the one before it."""
    for _, own in groupby(visits, key=lambda visit: visit.factory.index):
        previous: list[AnswerPlan] = []
        for visit, answers in answers_of(list(own)):
            yield visit, answers, previous
            previous = answers


def _row(
    visit: VisitPlan,
    answers: list[AnswerPlan],
    previous: list[AnswerPlan],
    factories: dict[str, Factory],
    tools: dict[str, Tool],
) -> tuple[Any, ...]:
    return (
        visit.id,
        factories[visit.factory.bw_id].pk,
        visit.cycle,
        visit.version,
        visit.corrects,
        tools[tool_of(visit).name].pk,
        None if visit.state == Assessment.State.PLANNED else visit.quest_id,  # a table brings it
        visit.mode,
        "internal_review" if answers else "planned",
        visit.start,
        visit.end,
        "",
        _created(visit),
        visit.released_at,
        visit.published_at,
        visit.withdrawn_at,
        visit.withdrawn_reason,
        visit.correction_note.format(id=corrected_question(previous)),
    )


def _answer_rows(
    answered: Iterable[Answered], questions: QuestionKeys
) -> Iterator[tuple[UUID, int, str, str, str, str]]:
    for visit, answers, _ in answered:
        name, key = tool_of(visit).name, visit.id
        for answer in answers:
            yield key, questions[name, answer.ext_id], answer.finding, answer.value, answer.note, visit.mode


def _created(visit: VisitPlan) -> datetime:
    """Return when it was planned; for a correction, when it was begun."""
    own = dice("created", visit.quest_id, visit.version)
    if visit.version > 1 and visit.published_at:
        return visit.published_at - timedelta(days=own.randint(4, 9))
    return moment(visit.start - timedelta(days=own.randint(65, 90)), own)


def record_assessments(
    visits: Iterable[VisitPlan], factories: dict[str, Factory], users: dict[str, User], history: History
) -> None:
    """Add the events of every assessment's way through the workflow."""
    visits = list(visits)
    digests = answer_digests(visit.id for visit in visits if visit.published_at)
    for visit in visits:
        own = {
            "factory_id": factories[visit.factory.bw_id].pk,
            "cycle": visit.cycle,
            "version": visit.version,
        }
        for at, kind, email in _steps(visit):
            more = {"corrects": str(visit.corrects)} if kind is AssessmentEvent.CORRECTION_STARTED else {}
            more |= {"answers": digests[visit.id]} if kind is AssessmentEvent.PUBLISHED else {}
            history.add(at, kind, by=users[email].pk, subject=visit.id, **own, **more)


def _steps(visit: VisitPlan) -> Iterator[tuple[datetime, AssessmentEvent, str]]:
    country, own = visit.factory.place.name, dice("steps", visit.quest_id, visit.version)
    leader, manager = staff_email(country, "team_leader"), staff_email(country, "programme_manager")
    advisor = advisor_emails(country)[visit.factory.index % 3]
    if visit.version > 1:
        yield _created(visit), AssessmentEvent.CORRECTION_STARTED, leader
    else:
        yield _created(visit), AssessmentEvent.PLANNED, leader
        if visit.state != Assessment.State.PLANNED:
            yield moment(visit.start, own), AssessmentEvent.STARTED, advisor
        if visit.state not in {Assessment.State.PLANNED, Assessment.State.IN_PROGRESS}:
            yield moment(visit.ended_on, own) + timedelta(hours=10), AssessmentEvent.SUBMITTED, advisor
    if visit.released_at:
        yield visit.released_at, AssessmentEvent.SENT_TO_FACTORY, leader
    if visit.published_at:
        yield visit.published_at, AssessmentEvent.PUBLISHED, manager
    if visit.withdrawn_at:
        yield visit.withdrawn_at, AssessmentEvent.WITHDRAWN, manager
