"""Single cells, dates, sheets and counts of errors: what no table may get wrong at any door."""

import datetime as dt
import io
import tracemalloc
import zipfile

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from portal.core.names import one_line, unmarked
from portal.core.tables import Problems, Table, TableError, day
from portal.core.tables import problems as kinds
from portal.core.tables.cells import lost
from portal.core.tables.dates import past_day, refuse_implausible
from portal.core.tables.texts import TableText
from tests.core.test_tables import with_sheet, zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def book(**states):
    """A workbook with a sheet for each name, in that state, holding its name."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, state in states.items():
        sheet = made.create_sheet(name)
        sheet.sheet_state = state
        sheet.append(["Name"])
        sheet.append([name])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def cells(xml):
    """What is read of a sheet with a column Name and these cells, a row each."""
    rows = "".join(f'<row r="{number}">{cell}</row>' for number, cell in enumerate(xml, start=2))
    header = '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>'
    content = with_sheet(f'<worksheet xmlns="{MAIN}"><sheetData>{header}{rows}</sheetData></worksheet>')
    problems = Problems()
    found = [record["Name"] for _row, record in Table(io.BytesIO(content), required=["Name"]).records(problems)]
    return found, [(problem.row, problem.value) for problem in problems]


# --- sheets


def test_the_first_visible_sheet_is_read_and_the_other_visible_ones_named():
    content = book(old="hidden", secret="veryHidden", now="visible", more="visible")
    table = Table(io.BytesIO(content), required=["Name"])
    assert [record["Name"] for _row, record in table.records(Problems())] == ["now"]
    assert table.read_from == "The sheet “now” was read. These sheets (more) were not read."


def test_a_workbook_whose_sheets_are_all_hidden_is_refused():
    with zipfile.ZipFile(io.BytesIO(book(a="visible", b="hidden"))) as source:
        files = {name: source.read(name) for name in source.namelist()}
    files["xl/workbook.xml"] = files["xl/workbook.xml"].replace(b'state="visible"', b'state="hidden"')
    with pytest.raises(TableError, match="All sheets of the workbook are hidden"):
        Table(io.BytesIO(zipped(files)), required=["Name"])


# --- cells


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("<c><v>123456789012345</v></c>", "123456789012345"),
        ("<c><v>9001.0</v></c>", "9001"),
        ("<c><v>0.30000000000000004</v></c>", "0.3"),
        ("<c><v>1E-6</v></c>", "0.000001"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="str"><f>A1</f><v>done</v></c>', "done"),
        ("<c><f>1+1</f><v>2</v></c>", "2"),
    ],
)
def test_numbers_and_results_are_read_as_a_spreadsheet_shows_them(cell, read):
    assert cells([cell]) == ([read], [])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c><v>1234567890123456</v></c>", "1234567890123456"),
        ("<c><v>1.23456789012345E+17</v></c>", "1.23456789012345e+17"),
        ("<c><v>1e400</v></c>", "inf"),
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="e"><f>A9</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ("<c><f>1+1</f><v/></c>", "=1+1"),
        ("<c><f>1+1</f></c>", "=1+1"),
        ('<c t="str"><f>A1</f></c>', "=A1"),
    ],
)
def test_lost_content_is_a_problem_with_its_row(cell, shown):
    good = '<c t="inlineStr"><is><t>good</t></is></c>'
    assert cells([good, cell, good]) == (["good", "good"], [(3, shown)])


def test_the_empty_result_of_a_formula_is_an_empty_cell():
    assert cells(['<c t="str"><f>IF(1,"","x")</f><v></v></c>']) == ([], [])


@pytest.mark.parametrize("text", ["#1 Mill", "E+", "C# Mill", "1E+05", "#N/A here", "Err: none", "12E+17", "#REF"])
def test_other_texts_with_such_signs_are_texts(text):
    assert lost(text) is None


@pytest.mark.parametrize("text", ["#N/A", " #REF! ", "#SPILL!", "Err:502", "1.23457E+17", "1,23457E+11", "-9E+15"])
def test_what_a_spreadsheet_writes_for_lost_content_is_known(text):
    assert lost(text)


def test_columns_nobody_asked_for_may_hold_errors():
    table, problems = Table(io.BytesIO(b"Name,Sum\na,#REF!\n"), required=["Name"]), Problems()
    assert list(table.records(problems)) == [(2, {"Name": "a"})]
    assert not problems


def test_letters_come_in_one_form_and_signs_that_nobody_sees_do_not_come():
    content = "Name\nHa\u0300 No\u0323\u0302i\n\u200bA\u00adB\u2066 \u200e\n".encode()
    table = Table(io.BytesIO(content), required=["Name"])
    assert [record["Name"] for _row, record in table.records(Problems())] == ["Hà Nội", "AB"]


def test_names_keep_what_their_script_needs_and_lose_what_nobody_sees():
    assert one_line("A\u200cB\u2028C\u3164") == "AB C"
    assert one_line("می\u200cخواهم") == "می\u200cخواهم"
    assert unmarked("Đức  Thắng") == "duc thang"


# --- dates


@pytest.mark.parametrize("text", ["27/03/2016", "27/3/2016", "2016-03-27"])
def test_days_are_read(text):
    assert day(text) == dt.date(2016, 3, 27)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("27/03/16", "four digits"),
        ("27.03.16", "four digits"),
        ("03/27/2016", "month/day/year"),
        ("31/02/2016", "not a day in the calendar"),
        ("2016-13-01", "not a day in the calendar"),
        ("42456", "not a date"),
        ("27 March 2016", "not a date"),
        ("٢٧/٠٣/٢٠١٦x", "not a date"),
        ("", "This cell is empty"),
    ],
)
def test_what_is_no_day_says_what_to_write(text, words):
    with pytest.raises(ValidationError) as caught:
        day(text)
    assert words in caught.value.messages[0]


def test_days_before_the_programme_and_far_ahead_are_refused():
    today = timezone.localdate()
    for text in ("27/03/0016", "27/03/2916"):
        with pytest.raises(ValidationError):
            past_day(text, latest=today)
        with pytest.raises(ValidationError):
            refuse_implausible(day(text))
    refuse_implausible(today + dt.timedelta(days=300))


# --- counts


def test_many_errors_are_a_number_and_a_few_examples():
    problems = Problems()
    tracemalloc.start()
    for row in range(20_000):
        problems.add(row, "Finding", str(row), TableText.NO_DATE(value=row))
        problems.add(row, "Type", "NCQ", "“NCQ” is wrong.")
    used, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problems.total == 40_000
    assert problems.groups()[0].count == 20_000
    assert len(problems.groups()) == 1 + kinds.MOST_TEXTS + 1
    assert used < 2 * 1024**2


def test_kinds_have_a_limit_and_the_terminal_tells_the_most_frequent():
    problems = Problems()
    for row in range(2_000):
        problems.add(row, f"column {row}", "", "Wrong.")
    assert problems.total == 2_000
    assert len(problems.groups()) == kinds.MOST_GROUPS + 1
    lines = list(kinds.as_lines(problems.groups()))
    assert lines[0] == "row 1000, 1001, 1002, 1003, 1004, column 1000: Wrong. (1000 times)"
    assert len(lines) == kinds.MOST_TOLD + 1
