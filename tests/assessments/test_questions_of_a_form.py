"""Questions that a form can be built from: their file, out and in again, and what it refuses."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse

from assessments.models import Question, Tool
from assessments.questionnaires.tables import COLUMNS, QuestionRow, ToolRefused, import_tool, read_questions, rows_of
from assessments.questionnaires.wordings import texts_of
from tests.world import World

pytestmark = pytest.mark.django_db
HEADER = ",".join(COLUMNS) + "\n"
PIECE = "Pay,Piece rates,1,How are workers paid,FGW,choice,By piece; By hour,Ask the clerk,1,0,,,,,1\n"
HOURS = "Pay,Piece rates,2,How many hours,FGW,number,,,0,0,1 = By hour,,,,1\n"
PAID = "Pay,Piece rates,3,The minimum is paid,NC,finding,,,1,1,all: 1 = By piece; 2 > 48,1,WB-1,Zero Tolerance,0\n"


def read(*rows: str):
    return read_questions(BytesIO((HEADER + "".join(rows)).encode()))


def imported(world: World, rows, name: str = "Cambodia CAT V9") -> Tool:
    return import_tool(by=world.person("team_leader"), name=name, kind="CAT", programme=world.cambodia, rows=rows)


def test_a_row_says_how_a_question_is_answered(world: World):
    tool = imported(world, read(PIECE, HOURS, PAID))
    piece, hours, paid = Question.objects.filter(tool=tool)
    assert (piece.answer_type, piece.options, piece.help_text) == ("choice", ["By piece", "By hour"], "Ask the clerk")
    assert (piece.is_required, piece.needs_evidence) == (True, False)
    assert (hours.answer_type, hours.condition) == ("number", "1 = By hour")
    assert (paid.answer_type, paid.is_required, paid.needs_evidence, paid.in_vcc) == ("finding", True, True, False)
    assert {"Ask the clerk", "By piece", "By hour"} <= set(texts_of(tool))


def test_older_files_have_findings_and_texts(world: World):
    rows = [QuestionRow("1", "Pay", "Piece rates", "Paid", "NC"), QuestionRow("2", "Pay", "Piece rates", "How", "FGW")]
    tool = imported(world, rows)
    assert list(Question.objects.filter(tool=tool).values_list("answer_type", flat=True)) == ["finding", "text"]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (PAID.replace("finding", "number").replace("; 2 > 48", ""), "answer_type"),
        (HOURS.replace("number", "finding"), "answer_type"),
        (HOURS.replace("number", "numbers"), "answer_type"),
        (HOURS.replace("number,", "choice,Few"), "options"),
        (HOURS.replace("number,", "number,Few; Many"), "options"),
        (HOURS.replace(",0,0,", ",maybe,0,"), "required"),
        (HOURS.replace(",0,0,", ",0,maybe,"), "evidence"),
        (HOURS.replace("1 = By hour", "if by hour"), "condition"),
        (HOURS.replace("1 = By hour", "1 = by hour"), "condition"),
        (HOURS.replace("1 = By hour", "1 > By hour"), "condition"),
        (HOURS.replace("1 = By hour", "2 = 5"), "condition"),
        (HOURS.replace("1 = By hour", "3 = nc"), "condition"),
        (HOURS.replace("1 = By hour", "7 = yes"), "condition"),
    ],
)
def test_errors_name_row_and_column(row, column):
    rest = [] if row.startswith("Pay,Piece rates,3") else [PAID]
    with pytest.raises(ToolRefused) as refused:
        read(PIECE, row, *rest)
    found = {(problem.row, problem.column) for problem in refused.value.problems}
    assert (3, column) in found
    assert {column for row, column in found if row == 3} == {column}


def test_a_value_must_fit_the_answer_it_is_compared_with():
    with pytest.raises(ToolRefused) as refused:
        read(PIECE, HOURS, PAID.replace("2 > 48", "2 > many"))
    [problem] = refused.value.problems
    assert (problem.row, problem.column) == (4, "condition")
    assert "“many” cannot be an answer to question 2." in str(problem.message)


def test_the_file_of_a_questionnaire_makes_it_again(world: World, client_of):
    tool = imported(world, read(PIECE, HOURS, PAID))
    client = client_of(world.person("team_leader"))
    file = b"".join(client.get(reverse("tool_file", args=[tool.pk])).streaming_content)
    data = {"name": "Cambodia CAT V10", "kind": "CAT", "programme": world.cambodia.pk, "language": "en"}
    client.post(reverse("tool_import"), {**data, "file": SimpleUploadedFile("q.xlsx", file)})
    again = Tool.objects.get(name="Cambodia CAT V10")
    assert list(rows_of(again)) == list(rows_of(tool))


@pytest.mark.parametrize("change", [{"answer_type": "number"}, {"options": ["One"]}, {"answer_type": "choice"}])
def test_the_database_refuses_an_answer_that_does_not_fit_its_question(world: World, change):
    question = Question.objects.filter(tool=imported(world, read(PIECE, HOURS, PAID)), type="NC")
    with pytest.raises(DatabaseError), transaction.atomic():
        question.update(**change)
