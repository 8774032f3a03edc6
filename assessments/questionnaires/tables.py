"""Questionnaire versions from a file: CSV or XLSX with a row for each question, or the rows of the long table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import PUBLIC_TAG, ZERO_TOLERANCE_TAG, Cluster, CompliancePoint, Question, Tool
from assessments.questionnaires.rights import may_import_for
from assessments.questionnaires.wordings import inherit_wordings
from factories.models import CountryProgramme
from portal.accounts.models import User
from portal.core.events import record
from portal.core.names import one_line
from portal.core.tables import Problems, Table, TableError
from portal.core.tables.texts import TableText, not_allowed

REQUIRED = ("cluster", "compliance_point", "question_id", "label", "type")
OPTIONAL = ("step", "reference", "tags", "in_vcc", "condition")
ALIASES = {"cp": "compliance_point", "q.label": "label", "question.type": "type"}
LIMITS = {"cluster": 150, "compliance_point": 200, "question_id": 40, "label": 1000, "reference": 40, "condition": 200}
MOST_QUESTIONS = 5_000
YES_NO = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False, "": True}


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question of a new questionnaire, in its order."""

    ext_id: str
    cluster: str
    compliance_point: str
    label: str
    type: str
    step: int | None = None
    reference: str = ""
    tags: tuple[str, ...] = ()
    in_vcc: bool = True
    condition: str = ""


class ToolRefused(Exception):  # noqa: N818 - what became of the file
    """The refusal of a file that is not a questionnaire; `problems` says why by row and column."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


class Questions(list[QuestionRow]):
    """The questions of a file; `read_from` names the sheet of a workbook."""

    read_from = ""


def read_questions(file: BinaryIO) -> Questions:
    """Read the questions of an uploaded CSV or XLSX file. Raises `ToolRefused` with all problems by row and column."""
    problems, questions = Problems(), Questions()
    rows: dict[str, int] = {}
    try:
        table = Table(file, required=REQUIRED, optional=OPTIONAL, aliases=ALIASES, most_rows=MOST_QUESTIONS)
        questions.read_from = table.read_from
        for row, cells in table.records(problems):
            question = _question(row, cells, problems)
            if rows.setdefault(question.ext_id, row) != row:
                problems.add(row, "question_id", question.ext_id, _("This id appears twice."), kind="repeated")
            questions.append(question)
    except TableError as error:
        problems.end_with(error)
    if not questions and not problems:
        problems.add(None, "", "", _("The file has no questions."))
    if problems:
        raise ToolRefused(problems)
    return questions


def _question(row: int, cells: dict[str, str], problems: Problems) -> QuestionRow:
    _check_texts(row, cells, problems)
    kind, step = cells["type"].upper(), cells.get("step", "")
    if kind not in Question.Type.values:
        problems.add(row, "type", kind, not_allowed(kind, "NC, FGW"))
    if step not in {"", "1", "2", "3"}:
        allowed = _("1, 2, 3, or nothing for one of Better Work's own questions")
        problems.add(row, "step", step, not_allowed(step, allowed))
    in_vcc = cells.get("in_vcc", "").lower()
    if in_vcc not in YES_NO:
        problems.add(row, "in_vcc", in_vcc, not_allowed(in_vcc, "1, 0"))
    return QuestionRow(
        ext_id=cells["question_id"],
        cluster=cells["cluster"],
        compliance_point=cells["compliance_point"],
        label=cells["label"],
        type=kind,
        step=int(step) if step in {"1", "2", "3"} else None,
        reference=cells.get("reference", ""),
        tags=tuple(_tags(row, cells.get("tags", ""), problems)),
        in_vcc=YES_NO.get(in_vcc, True),
        condition=cells.get("condition", ""),
    )


def _check_texts(row: int, cells: dict[str, str], problems: Problems) -> None:
    for name, limit in LIMITS.items():
        text = cells.get(name, "")
        if not text and name in REQUIRED:
            problems.add(row, name, "", TableText.EMPTY())
        if len(text) > limit:
            problems.add(row, name, text, TableText.LONG(length=len(text), limit=limit))


def _tags(row: int, cell: str, problems: Problems) -> Iterator[str]:
    for tag in dict.fromkeys(part.strip() for part in cell.split(";")):
        if len(tag) > 60:
            problems.add(row, "tags", tag, _("A tag has at most 60 characters."))
        elif tag:
            yield tag


@transaction.atomic
def import_tool(
    *,
    by: User,
    name: str,
    kind: str,
    programme: CountryProgramme | None,
    version: str = "",
    language: str = "en",
    rows: Iterable[QuestionRow],
) -> Tool:
    """Create a questionnaire version with its clusters, compliance points and questions, in the order of `rows`.

    `programme` is None for one that every country uses; `language` is that of the rows. Versions are never changed by
    an import: a name that exists is refused. Texts that an earlier questionnaire has too keep their translations.
    Raises `PermissionDenied`, or `ValidationError` by field.
    """
    if not may_import_for(by, programme.pk if programme else None):
        raise PermissionDenied(_("Only the country's staff can import a questionnaire."))
    name, version = one_line(name), one_line(version)
    if Tool.objects.filter(name__iexact=name).exists():
        raise ValidationError(
            {"name": _("A questionnaire with this name already exists. Give a new version a new name.")}
        )
    tool = Tool(name=name, kind=kind, programme=programme, version=version, language=language)
    tool.full_clean()
    tool.save()
    questions = list(rows)
    points = _points(tool, questions)
    made = [_made(tool, order, row, points) for order, row in enumerate(questions, start=1)]
    Question.objects.bulk_create(made, batch_size=1000)
    inherit_wordings(tool)
    record(
        AssessmentEvent.QUESTIONNAIRE_IMPORTED,
        by=by,
        programme_id=programme.pk if programme else None,
        subject=tool.pk,
        questions=len(made),
    )
    return tool


def _points(tool: Tool, rows: list[QuestionRow]) -> dict[tuple[str, str], CompliancePoint]:
    clusters: dict[str, Cluster] = {}
    points: dict[tuple[str, str], CompliancePoint] = {}
    for row in rows:
        clusters.setdefault(row.cluster, Cluster(tool=tool, name=row.cluster, order=len(clusters) + 1))
        point = CompliancePoint(cluster=clusters[row.cluster], name=row.compliance_point, order=len(points) + 1)
        points.setdefault((row.cluster, row.compliance_point), point)
    Cluster.objects.bulk_create(clusters.values())
    CompliancePoint.objects.bulk_create(points.values())
    return points


def _made(tool: Tool, order: int, row: QuestionRow, points: dict[tuple[str, str], CompliancePoint]) -> Question:
    return Question(
        tool=tool,
        compliance_point=points[row.cluster, row.compliance_point],
        ext_id=row.ext_id,
        label=row.label,
        type=row.type,
        step=row.step,
        reference=row.reference,
        tags=list(row.tags),
        is_public_issue=PUBLIC_TAG in row.tags,
        is_zero_tolerance=ZERO_TOLERANCE_TAG in row.tags,
        in_vcc=row.in_vcc,
        condition=row.condition,
        order=order,
    )
