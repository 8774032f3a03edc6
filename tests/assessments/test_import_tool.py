"""Questionnaire versions from a table, and the commands that import."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command

import portal.demo
from assessments.imports.models import ImportBatch
from assessments.models import Assessment, Question, Tool
from assessments.questionnaires.tables import ToolRefused, import_tool, read_questions
from tests.assessments.tables import LEAVE, OVERTIME, table

pytestmark = pytest.mark.django_db

HEADER = "cluster,compliance_point,question_id,label,type,step,reference,tags,in_vcc,condition\n"
ROW = "Child Labour,Child Labourers,1,No child works here,NC,1,RH-AGE-1,Public Disclosure;Zero Tolerance,0,\n"
STAFF = "team.leader@test.example"


def read(*rows):
    return read_questions(BytesIO((HEADER + "".join(rows)).encode()))


def test_a_row_is_a_question(world):
    rows = read(ROW, "Child Labour,Hazardous Work,2,How many,fgw,,,,,1 = nc\n")
    tool = import_tool(
        by=world.person("team_leader"), name="Cambodia CAT V7", kind="CAT", programme=world.cambodia, rows=rows
    )
    first, second = Question.objects.filter(tool=tool).select_related("compliance_point__cluster")
    assert (first.ext_id, first.step, first.reference, first.in_vcc) == ("1", 1, "RH-AGE-1", False)
    assert (first.is_public_issue, first.is_zero_tolerance) == (True, True)
    assert (second.type, second.step, second.condition, second.in_vcc) == ("FGW", None, "1 = nc", True)
    assert first.compliance_point.cluster == second.compliance_point.cluster


def test_the_demos_own_file_is_such_a_table():
    path = Path(portal.demo.__path__[0]) / "data" / "cat.csv"
    with path.open("rb") as file:
        rows = read_questions(file)
    assert len(rows) > 200
    assert len({row.cluster for row in rows}) == 8


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("Child Labour,Child Labourers,,label,NC,,,,,\n", "question_id"),
        ("Child Labour,Child Labourers,2,label,XX,,,,,\n", "type"),
        ("Child Labour,Child Labourers,2,label,NC,4,,,,\n", "step"),
        ("Child Labour,Child Labourers,2,label,NC,,,,maybe,\n", "in_vcc"),
        ("Child Labour,Child Labourers,2," + "x" * 1001 + ",NC,,,,,\n", "label"),
        ("Child Labour,Child Labourers,2,label,NC,,," + "x" * 61 + ",,\n", "tags"),
        (",Child Labourers,2,label,NC,,,,,\n", "cluster"),
        (ROW, "question_id"),
    ],
)
def test_errors_name_row_and_column(row, column):
    with pytest.raises(ToolRefused) as refused:
        read(ROW, row)
    assert [(problem.row, problem.column) for problem in refused.value.problems] == [(3, column)]


def test_an_empty_or_foreign_file_is_refused():
    for content in (b"", HEADER.encode(), b"a,b\n1,2\n"):
        with pytest.raises(ToolRefused):
            read_questions(BytesIO(content))


def test_a_version_is_never_changed(world):
    with pytest.raises(ValidationError):
        import_tool(
            by=world.person("team_leader"), name="cambodia cat v1", kind="CAT", programme=world.cambodia, rows=read(ROW)
        )


@pytest.mark.parametrize(
    ("persona", "country"),
    [("advisor", "cambodia"), ("vietnam_manager", "cambodia"), ("team_leader", None), ("brand_a_manager", "cambodia")],
)
def test_others_may_not(world, persona, country):
    programme = getattr(world, country) if country else None
    with pytest.raises(PermissionDenied):
        import_tool(by=world.person(persona), name="New", kind="CAT", programme=programme, rows=read(ROW))


def test_the_tool_command(world, tmp_path):
    path = tmp_path / "tool.csv"
    path.write_text(HEADER + ROW)
    call_command("import_tool", str(path), by=STAFF, name="Cambodia CAT V7", country="Cambodia")
    assert Tool.objects.get(name="Cambodia CAT V7").questions.count() == 1
    for options in ({"name": "New", "country": "Jordan"}, {"name": "New", "country": "Vietnam"}, {"name": "New"}):
        with pytest.raises(CommandError):
            call_command("import_tool", str(path), by=STAFF, **options)
    path.write_text(HEADER + ROW + ROW)
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_tool", str(path), by=STAFF, name="Other", country="KH")


@pytest.mark.usefixtures("run_jobs")
def test_the_table_command(world, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_bytes(table({"Factory Assessed ID": "KH-9"}, {"Factory Assessed ID": "KH-9", **OVERTIME}))
    with pytest.raises(CommandError, match="--create"):
        call_command("import_assessments", str(path), by=STAFF)
    assert "Factory KH-9" in capsys.readouterr().out
    assert not Assessment.objects.filter(quest_id="70003").exists()
    call_command("import_assessments", str(path), by=STAFF, create=True)
    assert Assessment.objects.get(quest_id="70003").answers.count() == 2
    call_command("import_assessments", str(path), by=STAFF)
    assert "changes nothing" in capsys.readouterr().out


@pytest.mark.usefixtures("run_jobs")
def test_the_table_command_tells_errors_and_leaves_nothing(world, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_bytes(table({**LEAVE, "Cycle": "x"}))
    with pytest.raises(CommandError, match="Nothing was imported"):
        call_command("import_assessments", str(path), by=STAFF)
    assert "row 2, Cycle" in capsys.readouterr().err
    assert set(ImportBatch.objects.values_list("state", flat=True)) == {"discarded"}
    for arguments in ({"by": "nobody@test.example"}, {"by": "outsider@test.example"}):
        with pytest.raises(CommandError):
            call_command("import_assessments", str(path), **arguments)
