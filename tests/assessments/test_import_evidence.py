"""The long table in and out: evidence, the last day, the mode and the source, and that rounds change nothing."""

import csv
import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from django.db import transaction

from assessments.models import Answer, Assessment
from assessments.reports.table import COLUMNS
from tests.assessments.tables import LEAVE, OVERTIME, ROW, check, file_of, load, messages, rows_of_everything, table
from tests.publishing import advance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]

OLD_COLUMNS = COLUMNS[: COLUMNS.index("Tags") + 1]
NOTE = 'Three workers said so;\n"=not" written down'
FACTS = {"End Date": "29/03/2016", "Mode": "Virtual"}


def export(by):
    """The staff's CSV files of all imported assessments, in one table."""
    made = Assessment.objects.filter(quest_id__isnull=False).order_by("quest_id")
    files = [file_of(by, one, "csv").partition(b"\r\n") for one in made]
    return files[0][0] + b"\r\n" + b"".join(rows for _header, _end, rows in files)


def test_what_the_columns_say_is_stored(world):
    by = world.person("team_leader")
    on_site = {**OVERTIME, **FACTS, "Source": "On site"}
    load(by, table({**FACTS, "Evidence": NOTE}, on_site, {**LEAVE, **FACTS, "Evidence": "Asked the HR manager"}))
    made = Assessment.objects.get(quest_id="70003")
    assert (made.end_date, made.mode) == (dt.date(2016, 3, 29), "virtual")
    found = made.answers.values_list("question__ext_id", "note", "provenance")
    assert set(found) == {
        ("1000", NOTE, "virtual"),
        ("1010", "", "on_site"),
        ("1022", "Asked the HR manager", "virtual"),
    }


def test_they_come_back_in_the_export(world):
    by = world.person("team_leader")
    load(by, table({**FACTS, "Evidence": NOTE, "Source": "On site"}))
    exported = file_of(by, Assessment.objects.get(quest_id="70003"), "csv")
    assert load(by, exported).plan["nothing"]
    row = next(csv.DictReader(io.StringIO(exported.decode("utf-8-sig"), newline="")))
    assert {name: row[name] for name in ("End Date", "Mode", "Source")} == {**FACTS, "Source": "On site"}


def test_a_table_without_the_columns_changes_none_of_it(world):
    by = world.person("team_leader")
    load(by, table({**FACTS, "Evidence": NOTE, "Source": "On site"}))
    assert load(by, table({}, columns=OLD_COLUMNS)).plan["unchanged"] == 1
    assert load(by, table({"Finding": "0"}, columns=OLD_COLUMNS)).plan["changed"] == ["70003"]
    made = Assessment.objects.get(quest_id="70003")
    answer = world.answer(made, "1000")
    assert (answer.finding, answer.note, answer.provenance) == ("compliant", NOTE, "on_site")
    assert (made.end_date, made.mode) == (dt.date(2016, 3, 29), "virtual")


@pytest.mark.parametrize("change", [{"Evidence": "Seen"}, {"Mode": "Virtual"}, {"End Date": "28/03/2016"}])
def test_other_facts_change_what_is_not_released_and_nothing_else(world, change):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME))
    assert load(by, table({**change}, {**OVERTIME, **change})).plan["changed"] == ["70003"]
    before = rows_of_everything()
    assert load(by, table({**change}, {**OVERTIME, **change})).plan["nothing"]
    assert rows_of_everything() == before
    assert Answer.objects.get(assessment__quest_id="70003", question__ext_id="1000").note == change.get("Evidence", "")
    advance(by, Assessment.objects.get(quest_id="70003"), to="published")
    assert check(by, table({}, OVERTIME)).state == ("refused" if "Evidence" in change else "ready")


def test_answers_follow_the_mode_unless_they_have_a_source(world):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME))
    load(by, table({"Mode": "virtual"}, {**OVERTIME, "Mode": "virtual", "Source": "on-site"}))
    made = Assessment.objects.get(quest_id="70003")
    assert set(made.answers.values_list("question__ext_id", "provenance")) == {("1000", "virtual"), ("1010", "on_site")}


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"End Date": "26/03/2016"}, "End Date", "before the first day, 27/03/2016"),
        ({"End Date": "28/03/2999"}, "End Date", "future"),
        ({"End Date": "28/03/16"}, "End Date", "day/month/year"),
        ({"Mode": "by phone"}, "Mode", "On site, Virtual, or nothing"),
        ({"Source": "Self-assessed"}, "Source", "On site, Virtual, or nothing"),
        ({"Evidence": "x" * 10_001}, "Evidence", "10000"),
    ],
)
def test_errors_name_row_and_column(world, change, column, words):
    batch = check(world.person("team_leader"), table(change))
    assert [(row, name) for row, name, text in messages(batch) if words in text] == [(2, column)], messages(batch)
    assert len(messages(batch)) == 1


@pytest.mark.parametrize(("column", "said"), [("Evidence", "Heard"), ("Source", "Virtual"), ("Mode", "Virtual")])
def test_two_rows_of_one_finding_that_differ_are_refused(world, column, said):
    batch = check(world.person("team_leader"), table({}, {column: said}))
    assert [(row, name) for row, name, _text in messages(batch)] == [(3, column)]


def test_evidence_without_a_finding_is_counted(world, client_of):
    by = world.person("team_leader")
    batch = check(by, table({}, {**OVERTIME, "Finding": "", "Evidence": "The payroll was not there"}))
    assert batch.plan["unplaced"] == 1
    assert (
        "Evidence without a finding (ignored)" in client_of(by).get(f"/assessments/import/{batch.pk}/").content.decode()
    )


@pytest.mark.parametrize("column", ["Finding", "Evidence"])
def test_a_formula_without_its_result_is_an_error_that_names_the_cell(world, column):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    book.active.append([{**ROW, column: "=1+0"}.get(name) for name in COLUMNS])
    out = io.BytesIO()
    book.save(out)
    batch = check(world.person("team_leader"), out.getvalue(), name="table.xlsx")
    ((row, name, text),) = messages(batch)
    assert (row, name) == (2, column)
    assert "saved without its result" in text


def test_two_rounds_of_the_sample_give_the_same_bytes(world):
    """Import, export, import where nothing of it is, export again; with tags, evidence and modes of its rows."""
    sample = Path(__file__).with_name("data") / "assessments-long-table.csv"
    rows = list(csv.DictReader(io.StringIO(sample.read_text(), newline="")))
    for row in rows:
        if row["Quest ID"] == rows[-1]["Quest ID"]:
            row |= {"Mode": "Virtual", "End Date": row["Assesment Start Date"]}
        if row["Finding"] == "1":
            row |= {"Evidence": NOTE, "Tags": f"Own;{row['Tags']}"}
        row["Source"] = "Virtual" if row["Question ID"].endswith("7") else ""
    by, options = world.person("global_staff"), {"create_missing": True, "treat_as_step1": True}
    content = table(*rows, columns=COLUMNS)
    exports = []
    for _round in range(2):
        with transaction.atomic():
            load(by, content, **options)
            content = export(by)
            exports.append(content)
            transaction.set_rollback(True)
        assert not Assessment.objects.filter(quest_id__isnull=False).exists()
    assert exports[0] == exports[1]
    text = exports[0].decode("utf-8-sig")
    for kept in ("Old Mill Knitting (Obsolete)", "Own;Public Disclosure", "Three workers said so", '"Virtual"'):
        assert kept in text
