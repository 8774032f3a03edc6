"""The workbook: typed columns, and nothing in it runs."""

import datetime as dt
import io

import openpyxl
import pytest

from assessments.reports import build_document, languages
from assessments.reports.workbook import render_workbook
from tests.assessments.reports.sample import STAMP, answer, document, header


def book(built):
    return openpyxl.load_workbook(io.BytesIO(render_workbook(built, STAMP)))


def test_it_has_three_sheets_with_frozen_filtered_headers():
    sheets = book(document())
    assert sheets.sheetnames == ["Summary", "Findings", "About"]
    for name in ("Summary", "Findings"):
        assert sheets[name].freeze_panes == "A2"
    assert sheets["Findings"].auto_filter.ref == f"A1:J{sheets['Findings'].max_row}"
    assert sheets["Findings"].column_dimensions["D"].width > 40


def test_numbers_are_numbers_and_dates_are_dates():
    sheets = book(document())
    first = [cell.value for cell in sheets["Summary"][2]]
    assert first == ["Child Labour", 20, 4, 3, 0.75]
    about = {row[0].value: row[1].value for row in sheets["About"] if row[0].value}
    assert about["Published"].date() == dt.date(2026, 4, 9)
    assert about["Copy number"] == 1042
    assert about["Reader"] == "Marta Lindqvist"


@pytest.mark.parametrize("evil", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "=HYPERLINK(0)", "https://evil.example/"])
def test_no_cell_is_a_formula_or_a_link(evil):
    built = build_document(
        header(),
        [answer(cluster=evil, compliance_point=evil, label=evil, note=evil, finding="nc", ext_id=evil)],
        scope="report",
        language="en",
    )
    row = book(built)["Findings"][2]
    assert [cell.value for cell in row][:4] == [evil] * 4
    assert {cell.data_type for cell in row} <= {"s", "n"}
    assert not [cell for cell in row if cell.hyperlink]


def test_whole_numbers_of_information_answers_are_numbers():
    built = build_document(
        header(),
        [answer(question_type="FGW", value=value) for value in ("12", "0012x", "1 200; 310")],
        scope="report",
        language="en",
    )
    values = [row[5].value for row in book(built)["Findings"].iter_rows(min_row=2)]
    assert values == [12, "0012x", "1 200; 310"]


def test_step_1_data_has_its_own_sheet_name():
    assert book(document("step1")).sheetnames[1] == "Step 1 answers"


@pytest.mark.parametrize("language", languages())
def test_every_language_makes_a_workbook(language):
    sheets = book(document(language=language))
    assert len(sheets.sheetnames) == 3
    assert sheets[sheets.sheetnames[0]].sheet_view.rightToLeft is (True if language == "ar" else None)


def test_a_cell_longer_than_excel_allows_is_cut():
    built = build_document(header(), [answer(finding="nc", note="n" * 40_000)], scope="report", language="en")
    assert len(book(built)["Findings"]["G2"].value) == 32_767
