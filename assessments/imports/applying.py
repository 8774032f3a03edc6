"""The step from staged rows to assessments: one transaction, safe to run again; nothing is done on a stale preview."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone, translation

from assessments.events import AssessmentEvent
from assessments.imports.checks import Check, Plan
from assessments.imports.facts import QUESTION_FIELDS, VISIT_FIELDS, AskedQuestion, Visit
from assessments.imports.models import ImportBatch, ImportQuestion, ImportVisit
from assessments.imports.previews import NewFactory
from assessments.models import Answer, Assessment, Question, Tool
from assessments.questionnaires.tables import QuestionRow, import_tool
from factories.imports import create_factories
from factories.models import CountryProgramme, Factory
from factories.services import create_programme, update_factory
from portal.core.countries import country_name
from portal.core.events import event_of, record
from portal.core.models import Event
from portal.core.tables import Problems

ONE_IMPORT_AT_A_TIME = 7_204_112_026  # the key of an advisory lock; any number that nothing else uses
VISITS_PER_SLICE = 200
Report = Callable[[int, int], None]


class PlanChanged(Exception):  # noqa: N818 - what happened
    """A change between preview and import: somebody must look at the new preview before anything is done."""

    def __init__(self, plan: Plan, problems: Problems) -> None:
        super().__init__()
        self.plan, self.problems = plan, problems


@transaction.atomic
def apply_batch(batch: ImportBatch, report: Report) -> dict[str, int]:
    """Write what the preview of `batch` showed, and return the counts. Running it again does nothing more.

    Raises `PlanChanged` if the result would now be different. `report(done, total)` may raise to stop it: then nothing
    was done.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_IMPORT_AT_A_TIME])
    batch = ImportBatch.objects.select_for_update(of=("self",)).select_related("owner").get(pk=batch.pk)
    if batch.state == ImportBatch.State.APPLIED:
        return dict(batch.plan["applied"])
    plan = _plan_under_locks(batch)
    _create_missing(batch, plan)
    _write_assessments(plan)
    _write_answers(batch, plan, report)
    _finish_factories(batch, plan)
    Tool.objects.filter(pk__in=[t.pk for t in plan.tools.values()], used_at=None).update(used_at=timezone.now())
    counts = {
        "new": len(plan.new),
        "changed": len(plan.changed),
        "unchanged": len(plan.unchanged),
        "programmes": len(plan.missing_programmes),
        "factories": len(plan.missing_factories),
        "tools": len(plan.missing_tools),
    }
    _record(batch, plan, counts)
    batch.state, batch.applied_at = ImportBatch.State.APPLIED, timezone.now()
    batch.plan = {**batch.plan, "applied": counts}
    batch.save(update_fields=["state", "applied_at", "plan"])
    return counts


def staged_visits(batch: ImportBatch) -> list[Visit]:
    """Return the assessments in the table of `batch`."""
    rows = ImportVisit.objects.filter(batch_id=batch.pk).order_by("number")
    return [Visit(*row) for row in rows.values_list(*VISIT_FIELDS)]


def staged_questions(batch: ImportBatch) -> list[AskedQuestion]:
    """Return the questions in the table of `batch`."""
    rows = ImportQuestion.objects.filter(batch_id=batch.pk).order_by("number")
    return [AskedQuestion(*row) for row in rows.values_list(*QUESTION_FIELDS)]


def _plan_under_locks(batch: ImportBatch) -> Plan:
    """Return the present plan, which must be that of the preview. Every factory it touches is locked, in one order."""
    visits = staged_visits(batch)
    ids = {visit.bw_id for visit in visits}
    list(Factory.objects.select_for_update(of=("self",)).filter(bw_id__in=ids).order_by("pk").values_list("pk"))
    problems = Problems()
    plan = Check(batch, visits, staged_questions(batch), [], problems).run()
    promised = {name: batch.plan.get(name) for name in plan.named()}
    if problems or plan.named() != promised or (plan.creates and not batch.create_missing):
        raise PlanChanged(plan, problems)
    return plan


# --- what the table names and the portal does not know


def _create_missing(batch: ImportBatch, plan: Plan) -> None:
    with translation.override("en"):  # everybody sees the name, whatever language the importer reads
        for code in plan.missing_programmes:
            create_programme(by=batch.owner, name=country_name(code), country=code)
    programmes = {p.country: p for p in CountryProgramme.objects.filter(is_global=False)}
    named = plan.named()
    made = create_factories(by=batch.owner, factories=[_factory(facts, programmes) for facts in named["factories"]])
    plan.factories |= {factory.bw_id: factory for factory in made}
    for tool in named["tools"]:
        _create_tool(batch, plan, tool["name"], programmes.get(tool["country"]))


def _factory(facts: NewFactory, programmes: dict[str, CountryProgramme]) -> Factory:
    factory = Factory(
        programme=programmes[facts["country"]],
        bw_id=facts["bw_id"],
        name=facts["name"],
        is_obsolete=facts["is_obsolete"],
        enrolment_status=Factory.Enrolment.LEFT if facts["is_obsolete"] else Factory.Enrolment.ENROLLED,
        current_cycle=facts["cycle"],
    )
    factory.clean_fields(exclude=["programme"])
    return factory


def _create_tool(batch: ImportBatch, plan: Plan, name: str, programme: CountryProgramme | None) -> None:
    asked = plan.missing_tools[name]
    rows = [
        QuestionRow(
            ext_id=question.ext_id,
            cluster=question.cluster,
            compliance_point=question.compliance_point,
            label=question.label,
            type=question.type,
            step=1 if batch.treat_as_step1 and question.type == Question.Type.NC else None,
            tags=tuple(question.tags),
        )
        for question in asked
    ]
    tool = import_tool(by=batch.owner, name=name, kind=Tool.Kind.CAT, programme=programme, rows=rows)
    plan.tools[name] = tool
    made = dict(Question.objects.filter(tool=tool).values_list("ext_id", "pk"))
    plan.questions |= {question.number: made[question.ext_id] for question in asked}


# --- assessments and answers


def _write_assessments(plan: Plan) -> None:
    for visit in plan.new:
        visit.assessment_id = plan.planned.get(visit.number) or uuid4()
    Assessment.objects.bulk_create(
        (
            Assessment(
                id=visit.assessment_id,
                factory=plan.factories[visit.bw_id],
                cycle=visit.cycle,
                mode=visit.mode or Assessment.Mode.ON_SITE,
                **_told(plan, visit),
            )
            for visit in plan.new
            if visit.number not in plan.planned
        ),
        batch_size=1000,
    )
    for visit in plan.new:
        if visit.number in plan.planned:  # the mode stays as it was planned where the table does not have it
            mode = {"mode": visit.mode} if visit.mode else {}
            Assessment.objects.filter(pk=plan.planned[visit.number]).update(**_told(plan, visit), **mode)
    for visit in plan.changed:
        _change_facts(Assessment.objects.get(pk=str(visit.assessment_id)), visit)


def _change_facts(assessment: Assessment, visit: Visit) -> None:
    """Write the days and the mode that the table gives; answers that were assessed in the other mode follow it."""
    if visit.mode and visit.mode != assessment.mode:
        Answer.objects.filter(assessment=assessment, provenance=assessment.mode).update(provenance=visit.mode)
    end = assessment.end_date if visit.end_date is None else visit.end_date
    if end and end < visit.start_date:
        end = None  # the end of an assessment whose first day the table moved, without saying its last one
    facts = {"start_date": visit.start_date, "end_date": end, "mode": visit.mode or assessment.mode}
    Assessment.objects.filter(pk=assessment.pk).update(**facts)


def _told(plan: Plan, visit: Visit) -> dict[str, Any]:
    """Return what the table says about an assessment itself."""
    return {
        "tool": plan.tools[visit.questionnaire],
        "quest_id": visit.quest_id,
        "start_date": visit.start_date,
        "end_date": visit.end_date,
        "state": Assessment.State.INTERNAL_REVIEW,
    }


def _write_answers(batch: ImportBatch, plan: Plan, report: Report) -> None:
    asked, keys = list(plan.questions), list(plan.questions.values())
    done, total = 0, len(plan.new) + len(plan.changed)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for part in _slices(plan.changed):
            cursor.execute(REMOVE, _arguments(batch, part, asked, keys))
            cursor.execute(CHANGE, _arguments(batch, part, asked, keys))
            cursor.execute(INSERT.format(unless=UNLESS_THERE), _arguments(batch, part, asked, keys))
            report(done := done + len(part), total)
        for part in _slices(plan.new):
            cursor.execute(INSERT.format(unless=""), _arguments(batch, part, asked, keys))
            report(done := done + len(part), total)


def _slices(visits: list[Visit]) -> Iterator[list[Visit]]:
    ordered = sorted(visits, key=lambda visit: visit.number)
    for start in range(0, len(ordered), VISITS_PER_SLICE):
        yield ordered[start : start + VISITS_PER_SLICE]


def _arguments(batch: ImportBatch, part: list[Visit], asked: list[int], keys: list[int]) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "visits": [visit.number for visit in part],
        "first": part[0].number,
        "last": part[-1].number,
        "assessments": [visit.assessment_id for visit in part],
        "asked": asked,
        "keys": keys,
    }


TOLD = """
WITH told AS (
    SELECT DISTINCT p.assessment, k.question, r.finding, r.value, r.note, r.source, r.tags > 0 AS has_tags,
        CASE WHEN g.tags @> q.tags AND g.tags <@ q.tags THEN NULL ELSE g.tags END AS tags
    FROM unnest(%(visits)s::int[], %(assessments)s::uuid[]) AS p (visit, assessment)
    JOIN assessments_importrow r ON r.batch_id = %(batch)s AND r.visit BETWEEN %(first)s AND %(last)s
        AND r.visit = p.visit AND r.finding <> ''
    JOIN unnest(%(asked)s::int[], %(keys)s::bigint[]) AS k (asked, question) ON k.asked = r.question
    JOIN assessments_question q ON q.id = k.question
    LEFT JOIN assessments_importtags g ON g.batch_id = r.batch_id AND g.number = r.tags
)
"""
INSERT = (
    TOLD
    + """
INSERT INTO assessments_answer (assessment_id, question_id, finding, value, note, provenance, tags)
SELECT t.assessment, t.question, t.finding, t.value, coalesce(t.note, ''),
    coalesce(nullif(t.source, ''), a.mode), t.tags
FROM told t JOIN assessments_assessment a ON a.id = t.assessment {unless}
ORDER BY t.assessment, t.question
"""
)
UNLESS_THERE = """
WHERE NOT EXISTS (
    SELECT 1 FROM assessments_answer h WHERE h.assessment_id = t.assessment AND h.question_id = t.question
)
"""
CHANGE = (
    TOLD
    + """
UPDATE assessments_answer h SET finding = t.finding, value = t.value,
    tags = CASE WHEN has_tags THEN t.tags ELSE h.tags END, note = coalesce(t.note, h.note),
    provenance = coalesce(nullif(t.source, ''), h.provenance)
FROM told t
WHERE h.assessment_id = t.assessment AND h.question_id = t.question
    AND (h.finding, h.value, h.tags, h.note, h.provenance) IS DISTINCT FROM (
        t.finding, t.value, CASE WHEN has_tags THEN t.tags ELSE h.tags END, coalesce(t.note, h.note),
        coalesce(nullif(t.source, ''), h.provenance)
    )
"""
)
# Findings that a table cannot express ("not applicable", "not assessed") stay where the table has none.
REMOVE = (
    TOLD  # noqa: S608 - constants
    + """
DELETE FROM assessments_answer h
WHERE h.assessment_id = ANY (%(assessments)s::uuid[])
    AND h.finding IN ('nc', 'compliant', 'nc_national_law', 'info')
    AND NOT EXISTS (SELECT 1 FROM told t WHERE t.assessment = h.assessment_id AND t.question = h.question_id)
"""
)


# --- factories and events


def _finish_factories(batch: ImportBatch, plan: Plan) -> None:
    """Mark the known factories that the table calls obsolete.

    The cycle they reached is not written on the factory before its review: it would learn of an assessment (R47).
    """
    for bw_id in plan.newly_obsolete:
        update_factory(by=batch.owner, factory=plan.factories[bw_id], is_obsolete=True)


def _record(batch: ImportBatch, plan: Plan, counts: dict[str, int]) -> None:
    """Record one event for the import, and one for each assessment, as if it had been made by hand."""
    of_batch: dict[str, Any] = {"import": str(batch.pk)}  # a reserved word, which cannot be a keyword
    for kind, visits in ((AssessmentEvent.IMPORTED, plan.new), (AssessmentEvent.IMPORT_CHANGED, plan.changed)):
        Event.objects.bulk_create(
            (
                event_of(
                    kind,
                    by=batch.owner,
                    factory_id=plan.factories[visit.bw_id].pk,
                    subject=visit.assessment_id,
                    cycle=visit.cycle,
                    quest_id=visit.quest_id,
                    **of_batch,
                )
                for visit in visits
            ),
            batch_size=1000,
        )
    record(AssessmentEvent.TABLE_IMPORTED, by=batch.owner, subject=batch.pk, **counts)


def nothing_to_do(plan: Plan) -> bool:
    """Return whether every assessment of the table is in the portal already."""
    return not (plan.new or plan.changed or plan.newly_obsolete or plan.creates)
