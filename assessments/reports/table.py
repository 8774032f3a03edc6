"""The programme's long table as CSV: one row per question and assessment, as Better Work's analysts know it.

The columns are theirs, in their order and with their spelling ("Assesment Start Date"); dates are
dd/mm/yyyy; the separator is a comma and the file UTF-8. `Finding` is 1 (non-compliant) or 0 for NC
questions and the answer itself for FGW ones. The table has no word for the other findings: "not
applicable" and "not assessed" leave it empty, and non-compliance by national law is 1 with the tag
`NATIONAL_LAW_TAG`.

**Formulas.** No spreadsheet runs any part of a cell, and the import reads the same text again
(`portal.core.exports`).

Three functions: `long_table` writes rows as they are, millions of them; `programme_table` writes all of one
assessment for staff, as the import reads it back; `report_table` writes what one report may show its reader,
and replaces the questionnaire's name, which would reveal the kind of tool (R12).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import TypedDict

from assessments.reports.build import public_tags
from assessments.reports.document import AnswerRow, Finding, Header, ReportDocument
from portal.core.exports import csv_file

COLUMNS = (
    "Country",
    "Factory Assessed ID",
    "Factory Assessed Name",
    "Quest ID",
    "Cycle",
    "Assesment Start Date",
    "Questionnaire",
    "Cluster",
    "CP",
    "Question ID",
    "Q Label",
    "Question type",
    "Finding",
    "Tags",
)
QUESTIONNAIRE = "Better Work assessment"
NATIONAL_LAW_TAG = "National Law"

_FINDING_CELLS = {"nc": "1", "nc_national_law": "1", "compliant": "0"}


class LongTableRow(TypedDict):
    """One row of the long table, before it becomes text."""

    country: str
    factory_id: str
    factory_name: str
    quest_id: str
    cycle: int
    start_date: dt.date
    questionnaire: str
    cluster: str
    compliance_point: str
    question_id: str
    label: str
    question_type: str
    finding: str
    tags: Iterable[str]


def long_table(rows: Iterable[LongTableRow], *, bom: bool = True) -> Iterator[bytes]:
    """Return the CSV file in chunks, header first, in bounded memory. `bom`: Excel needs it to read UTF-8."""
    return csv_file(COLUMNS, map(_cells, rows), bom=bom)


def finding_cell(question_type: str, finding: str, value: str) -> str:
    """Return the `Finding` cell of an answer: 1 or 0, the words of an FGW answer, or nothing."""
    return value if question_type == "FGW" else _FINDING_CELLS.get(finding, "")


def report_table(document: ReportDocument, *, bom: bool = True) -> Iterator[bytes]:
    """Return the long table of one report. It carries no reader's name: the copy number is in the file's name."""
    return long_table(_document_rows(document), bom=bom)


def programme_table(
    header: Header, rows: Iterable[AnswerRow], *, questionnaire: str, bom: bool = True
) -> Iterator[bytes]:
    """Return the long table of one assessment for the programme's staff: every question, as the import reads it back.

    The header is the English one. A factory's own answer to a question is not a finding here either (R13).
    """
    return long_table((_programme_row(header, row, questionnaire) for row in rows), bom=bom)


def _programme_row(header: Header, row: AnswerRow, questionnaire: str) -> LongTableRow:
    factory, assessment = header.factory, header.assessment
    finding = "" if row["provenance"] == "self_assessed" else row["finding"] or ""
    law = [NATIONAL_LAW_TAG] if finding == "nc_national_law" else []
    return {
        "country": factory.country,
        "factory_id": factory.bw_id,
        "factory_name": factory.name,
        "quest_id": assessment.quest_id,
        "cycle": assessment.cycle,
        "start_date": assessment.start_date,
        "questionnaire": questionnaire,
        "cluster": row["cluster"],
        "compliance_point": row["compliance_point"],
        "question_id": row["ext_id"],
        "label": row["label"],
        "question_type": row["question_type"],
        "finding": finding_cell(row["question_type"], finding, row["value"] or ""),
        "tags": [*row["tags"], *law],
    }


def _cells(row: LongTableRow) -> list[str]:
    tags = ";".join(row["tags"])
    texts = (row["cluster"], row["compliance_point"], row["question_id"], row["label"], row["question_type"])
    return [
        row["country"],
        row["factory_id"],
        row["factory_name"],
        row["quest_id"],
        str(row["cycle"]),
        f"{row['start_date']:%d/%m/%Y}",
        row["questionnaire"],
        *texts,
        row["finding"],
        tags,
    ]


def _document_rows(document: ReportDocument) -> Iterator[LongTableRow]:
    for cluster in document.clusters:
        for point in cluster.points:
            for found in point.findings:
                yield _row(document, cluster.name, point.name, found)


def _row(document: ReportDocument, cluster: str, point: str, found: Finding) -> LongTableRow:
    factory, assessment = document.factory, document.assessment
    law = [NATIONAL_LAW_TAG] if found.finding == "nc_national_law" else []
    return {
        "country": factory.country,
        "factory_id": factory.bw_id,
        "factory_name": factory.name,
        "quest_id": assessment.quest_id,
        "cycle": assessment.cycle,
        "start_date": assessment.start_date,
        "questionnaire": QUESTIONNAIRE,
        "cluster": cluster,
        "compliance_point": point,
        "question_id": found.ext_id,
        "label": found.label,
        "question_type": found.question_type,
        "finding": finding_cell(found.question_type, found.finding, found.value),
        "tags": [*public_tags(found.tags), *law],
    }
