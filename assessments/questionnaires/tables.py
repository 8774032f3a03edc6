"""Questionnaire versions from a file and back: CSV or XLSX with a row for each question; or from the long table."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import PUBLIC_TAG, ZERO_TOLERANCE_TAG, Cluster, CompliancePoint, Question, Tool
from assessments.questionnaires.answers import allowed_answers, is_answer
from assessments.questionnaires.conditions import ORDERED, WAYS_TO_WRITE, NoCondition, Test, parse
from assessments.questionnaires.rights import may_import_for
from assessments.questionnaires.wordings import inherit_wordings
from factories.models import CountryProgramme
from portal.accounts.models import User
from portal.core.events import record
from portal.core.names import one_line
from portal.core.tables import Problems, Table, TableError
from portal.core.tables.texts import Sentence, TableText, not_allowed

AnswerType = Question.AnswerType
REQUIRED = ("cluster", "compliance_point", "question_id", "label", "type")
OPTIONAL = (
    "answer_type",
    "options",
    "help",
    "required",
    "evidence",
    "condition",
    "step",
    "reference",
    "tags",
    "in_vcc",
)
COLUMNS = REQUIRED + OPTIONAL
ALIASES = {"cp": "compliance_point", "q.label": "label", "question.type": "type"}
LIMITS = {
    "cluster": 150,
    "compliance_point": 200,
    "question_id": 40,
    "label": 1000,
    "help": 2000,
    "condition": 1000,
    "reference": 40,
}
MOST_QUESTIONS = 5_000
MOST_TAG = 60
MOST_OPTION = 200
# The answer that a question of a type has if its file does not say: older files have no such column.
USUAL_ANSWER = {Question.Type.NC: AnswerType.FINDING, Question.Type.FGW: AnswerType.TEXT}
YES_NO = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


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
    answer_type: str = ""
    options: tuple[str, ...] = ()
    help_text: str = ""
    is_required: bool = False
    needs_evidence: bool = False

    @property
    def answered_by(self) -> str:
        """Its answer type, or the usual one of its type."""
        return self.answer_type or USUAL_ANSWER[Question.Type(self.type)]


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
        check_conditions(questions, rows, problems)
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
    answer_type = _answer_type(row, cells, problems)
    return QuestionRow(
        ext_id=cells["question_id"],
        cluster=cells["cluster"],
        compliance_point=cells["compliance_point"],
        label=cells["label"],
        type=kind,
        step=int(step) if step in {"1", "2", "3"} else None,
        reference=cells.get("reference", ""),
        tags=tuple(_parts(row, "tags", cells, MOST_TAG, problems)),
        in_vcc=_is_yes(row, "in_vcc", cells, problems, usual=True),
        condition=cells.get("condition", ""),
        answer_type=answer_type,
        options=tuple(_options(row, answer_type, cells, problems)),
        help_text=cells.get("help", ""),
        is_required=_is_yes(row, "required", cells, problems),
        needs_evidence=_is_yes(row, "evidence", cells, problems),
    )


def _answer_type(row: int, cells: dict[str, str], problems: Problems) -> str:
    """Return the type of answer: a finding for a compliance question, another one for general information."""
    kind = cells["type"].upper()
    if kind not in Question.Type.values:
        return ""
    found = cells.get("answer_type", "").lower().replace(" ", "_") or USUAL_ANSWER[Question.Type(kind)]
    allowed = [AnswerType.FINDING] if kind == Question.Type.NC else sorted(set(AnswerType) - {AnswerType.FINDING})
    if found not in allowed:
        problems.add(row, "answer_type", found, not_allowed(found, ", ".join(allowed)))
        return USUAL_ANSWER[Question.Type(kind)]
    return found


def _options(row: int, answer_type: str, cells: dict[str, str], problems: Problems) -> list[str]:
    options = list(_parts(row, "options", cells, MOST_OPTION, problems))
    if answer_type == AnswerType.CHOICE and len(options) < 2:
        problems.add(row, "options", cells.get("options", ""), _("Give two options or more, separated by semicolons."))
    elif options and answer_type != AnswerType.CHOICE:
        problems.add(row, "options", cells["options"], _("Only a question of the answer type “choice” has options."))
    return options


def _is_yes(row: int, name: str, cells: dict[str, str], problems: Problems, *, usual: bool = False) -> bool:
    text = cells.get(name, "").lower()
    if text and text not in YES_NO:
        problems.add(row, name, text, not_allowed(text, "1, 0"))
    return YES_NO.get(text, usual)


def _check_texts(row: int, cells: dict[str, str], problems: Problems) -> None:
    for name, limit in LIMITS.items():
        text = cells.get(name, "")
        if not text and name in REQUIRED:
            problems.add(row, name, "", TableText.EMPTY())
        if len(text) > limit:
            problems.add(row, name, text, TableText.LONG(length=len(text), limit=limit))


def _parts(row: int, name: str, cells: dict[str, str], limit: int, problems: Problems) -> Iterator[str]:
    """Yield the parts of a cell between semicolons, each once."""
    for part in dict.fromkeys(part.strip() for part in cells.get(name, "").split(";")):
        if len(part) > limit:
            problems.add(row, name, part, TableText.LONG(length=len(part), limit=limit))
        elif part:
            yield part


def check_conditions(questions: list[QuestionRow], rows: Mapping[str, int], problems: Problems) -> None:
    """Add to `problems` each condition that cannot be read, or that does not fit the earlier questions it names."""
    earlier: dict[str, QuestionRow] = {}
    for question in questions:
        for message in _faults(question, earlier, rows) if question.condition else ():
            problems.add(rows[question.ext_id], "condition", question.condition, message)
        earlier.setdefault(question.ext_id, question)


def _faults(
    question: QuestionRow, earlier: Mapping[str, QuestionRow], rows: Mapping[str, int]
) -> Iterator[Sentence | str]:
    try:
        condition = parse(question.condition)
    except NoCondition as error:
        text = _("“%s” is not a condition. Write it in one of these ways:") % error.part
        yield f"{text} {WAYS_TO_WRITE}"
        return
    for test in condition.tests:
        if found := earlier.get(test.question):
            yield from _misfits(test, found)
        elif test.question in rows:
            yield _("Question %s comes later. A condition can name only earlier questions.") % test.question
        else:
            yield _("There is no question %s in this file.") % test.question


def _misfits(test: Test, question: QuestionRow) -> Iterator[Sentence | str]:
    """Yield what is wrong with a comparison for the type of answer of the question that it names."""
    kind, allowed = question.answered_by, allowed_answers(question.answered_by, question.options)
    if test.sign in ORDERED and kind not in {AnswerType.NUMBER, AnswerType.DATE}:
        yield _("Only numbers and dates can be compared with > and <.")
    elif allowed and test.value not in allowed:
        yield not_allowed(test.value, ", ".join(allowed))
    elif not is_answer(kind, test.value):
        yield _("“%(value)s” cannot be an answer to question %(question)s.") % {
            "value": test.value,
            "question": test.question,
        }


def rows_of(tool: Tool) -> Iterator[list[str]]:
    """Yield the rows of a questionnaire's file, in the order of `COLUMNS`: what an import of it makes again."""
    questions = Question.objects.filter(tool=tool).select_related("compliance_point__cluster").order_by("order", "pk")
    for one in questions:
        yield [
            one.compliance_point.cluster.name,
            one.compliance_point.name,
            one.ext_id,
            one.label,
            one.type,
            one.answer_type,
            "; ".join(one.options),
            one.help_text,
            str(int(one.is_required)),
            str(int(one.needs_evidence)),
            one.condition,
            str(one.step or ""),
            one.reference,
            "; ".join(one.tags),
            str(int(one.in_vcc)),
        ]


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
        answer_type=row.answered_by,
        options=list(row.options),
        help_text=row.help_text,
        is_required=row.is_required,
        needs_evidence=row.needs_evidence,
        order=order,
    )
