"""The long table: the analysts' columns, safe to open, and the same when read back."""

import csv
import io
import itertools

import pytest

from assessments.reports import build_document
from assessments.reports.table import COLUMNS, long_table, report_table
from portal.core.exports import BOM
from tests.assessments.reports.sample import answer, document, header


def read(chunks):
    text = b"".join(chunks).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def table(*answers, scope="step1", **facts):
    return read(report_table(build_document(header(**facts), answers, scope=scope, language="en")))


def test_the_columns_are_the_programmes_own_with_their_spelling():
    first = b"".join(report_table(document(), bom=False)).split(b"\r\n")[0]
    assert first.decode() == (
        '"Country","Factory Assessed ID","Factory Assessed Name","Quest ID","Cycle","Assesment Start Date",'
        '"Questionnaire","Cluster","CP","Question ID","Q Label","Question type","Finding","Tags",'
        '"Evidence","End Date","Mode","Source"'
    )


def test_one_row():
    [row] = table(answer(finding="nc", tags=["Public Disclosure", "Zero Tolerance"]))
    assert row == {
        "Country": "Cambodia",
        "Factory Assessed ID": "9001",
        "Factory Assessed Name": "Tonle Bright Garment Co., Ltd.",
        "Quest ID": "70003",
        "Cycle": "4",
        "Assesment Start Date": "16/03/2026",
        "Questionnaire": "Better Work assessment",
        "Cluster": "Child Labour",
        "CP": "Child Labourers",
        "Question ID": "1001",
        "Q Label": "All workers have reached the legal minimum age.",
        "Question type": "NC",
        "Finding": "1",
        "Tags": "Public Disclosure",  # R11: zero tolerance is a staff matter
        "Evidence": "",
        "End Date": "17/03/2026",
        "Mode": "On site",
        "Source": "On site",
    }


@pytest.mark.parametrize(
    ("finding", "cell"),
    [("nc", "1"), ("nc_national_law", "1"), ("compliant", "0"), ("not_applicable", ""), (None, "")],
)
def test_findings_are_1_0_or_nothing(finding, cell):
    assert table(answer(finding=finding))[0]["Finding"] == cell


def test_r49_non_compliance_by_national_law_keeps_its_marker():
    assert table(answer(finding="nc_national_law"))[0]["Tags"] == "National Law"


@pytest.mark.parametrize("value", ["12", "-5", "Không có", 'multi\nline "note"; x'])
def test_information_answers_are_their_own_words(value):
    assert table(answer(question_type="FGW", value=value))[0]["Finding"] == value


def test_r12_the_table_does_not_tell_the_kind_of_tool():
    [row] = table(answer(ext_id="FP-BAS-26", tags=["SLCP"]))
    assert (row["Questionnaire"], row["Question ID"], row["Tags"]) == ("Better Work assessment", "1", "")


def test_r13_a_factorys_own_answer_is_no_finding():
    assert table(answer(value="yes", provenance="self_assessed"))[0]["Finding"] == ""


def test_the_byte_order_mark_is_optional():
    assert b"".join(report_table(document())).startswith(BOM)
    assert b"".join(report_table(document(), bom=False)).startswith(b'"Country",')


def test_it_streams():
    row = next(iter(rows_forever()))
    assert set(row) == {
        "country",
        "factory_id",
        "factory_name",
        "quest_id",
        "cycle",
        "start_date",
        "questionnaire",
        "cluster",
        "compliance_point",
        "question_id",
        "label",
        "question_type",
        "finding",
        "tags",
        "evidence",
        "end_date",
        "mode",
        "source",
    }
    chunks = list(itertools.islice(long_table(rows_forever(), bom=False), 3))
    assert len(b"".join(chunks).splitlines()) == 1 + 1500
    assert len(COLUMNS) == 18


def rows_forever():
    facts = header()
    while True:
        yield {
            "country": "Cambodia",
            "factory_id": "9001",
            "factory_name": facts.factory.name,
            "quest_id": "70003",
            "cycle": 1,
            "start_date": facts.assessment.start_date,
            "questionnaire": "Cambodia Garment CAT V1",
            "cluster": "Child Labour",
            "compliance_point": "Child Labourers",
            "question_id": "1000",
            "label": "Workers below the legal minimum age were found",
            "question_type": "NC",
            "finding": "0",
            "tags": (),
            "evidence": "",
            "end_date": facts.assessment.end_date,
            "mode": "On site",
            "source": "On site",
        }
