"""The programme's long table as CSV: one row per question and assessment, as Better Work's analysts know it.

The columns up to "Tags" are theirs, in their order and with their spelling ("Assesment Start Date"); dates are
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
from assessments.reports.document import AnswerRow, Cluster, CompliancePoint, Finding, Header, ReportDocument
from portal.core.exports import csv_file

# Each column's heading, in their order, with the key of its cell in a `LongTableRow`.
_CELLS = {
    "Country": "country",
    "Factory Assessed ID": "factory_id",
    "Factory Assessed Name": "factory_name",
    "Quest ID": "quest_id",
    "Cycle": "cycle",
    "Assesment Start Date": "start_date",
    "Questionnaire": "questionnaire",
    "Cluster": "cluster",
    "CP": "compliance_point",
    "Question ID": "question_id",
    "Q Label": "label",
    "Question type": "question_type",
    "Finding": "finding",
    "Tags": "tags",
    "Evidence": "evidence",
    "End Date": "end_date",
    "Mode": "mode",
    "Source": "source",
}
COLUMNS = tuple(_CELLS)
QUESTIONNAIRE = "Better Work assessment"
NATIONAL_LAW_TAG = "National Law"
OBSOLETE = "(Obsolete)"
PROVENANCE_CELLS = {"on_site": "On site", "virtual": "Virtual", "self_assessed": "Self-assessed"}

_FINDING_CELLS = {"nc": "1", "nc_national_law": "1", "compliant": "0"}


class _Facts(TypedDict):
    """What each row of one assessment repeats."""

    country: str
    factory_id: str
    factory_name: str
    quest_id: str
    cycle: int
    start_date: dt.date
    end_date: dt.date
    mode: str


class LongTableRow(_Facts):
    """One row of the long table, before it becomes text."""

    questionnaire: str
    cluster: str
    compliance_point: str
    question_id: str
    label: str
    question_type: str
    finding: str
    tags: Iterable[str]
    evidence: str
    source: str


def long_table(rows: Iterable[LongTableRow], *, bom: bool = True) -> Iterator[bytes]:
    """Return the CSV file in chunks, header first, in bounded memory. `bom`: Excel needs it to read UTF-8."""
    return csv_file(COLUMNS, map(_cells, rows), bom=bom)


def finding_cell(question_type: str, finding: str, value: str) -> str:
    """Return the `Finding` cell of an answer: 1 or 0, the words of an FGW answer, or nothing."""
    return value if question_type == "FGW" else _FINDING_CELLS.get(finding, "")


def report_table(document: ReportDocument, *, bom: bool = True) -> Iterator[bytes]:
    """Return the long table of one report. It carries no reader's name: the copy number is in the file's name."""
    return long_table((_row(document, *found) for found in document.findings()), bom=bom)


def programme_table(
    header: Header, rows: Iterable[AnswerRow], *, questionnaire: str, is_obsolete: bool
) -> Iterator[bytes]:
    """Return the long table of one assessment for the programme's staff: every question, as the import reads it back.

    The header is the English one. `is_obsolete` is of the factory, whose name says so as in the programme's tables. A
    factory's own answer to a question is not a finding here either (R13).
    """
    facts = _facts(header)
    if is_obsolete:
        facts["factory_name"] = f"{facts['factory_name']} {OBSOLETE}"
    return long_table(_programme_row(facts, row, questionnaire) for row in rows)


def _programme_row(facts: _Facts, row: AnswerRow, questionnaire: str) -> LongTableRow:
    is_own = row["provenance"] == "self_assessed"
    finding = "" if is_own else row["finding"] or ""
    law = [NATIONAL_LAW_TAG] if finding == "nc_national_law" else []
    return {
        **facts,
        "questionnaire": questionnaire,
        "cluster": row["cluster"],
        "compliance_point": row["compliance_point"],
        "question_id": row["ext_id"],
        "label": row["label"],
        "question_type": row["question_type"],
        "finding": finding_cell(row["question_type"], finding, row["value"] or ""),
        "tags": [*row["tags"], *law],
        "evidence": "" if is_own else row["note"] or "",
        "source": "" if is_own else PROVENANCE_CELLS.get(row["provenance"] or "", ""),
    }


def _facts(report: Header | ReportDocument) -> _Facts:
    return {
        "country": report.factory.country,
        "factory_id": report.factory.bw_id,
        "factory_name": report.factory.name,
        "quest_id": report.assessment.quest_id,
        "cycle": report.assessment.cycle,
        "start_date": report.assessment.start_date,
        "end_date": report.assessment.end_date,
        "mode": PROVENANCE_CELLS[report.assessment.mode],
    }


def _cells(row: LongTableRow) -> list[object]:
    days = {name: f"{day:%d/%m/%Y}" for name, day in (("start_date", row["start_date"]), ("end_date", row["end_date"]))}
    cells = {**row, **days, "tags": ";".join(row["tags"])}
    return [cells[name] for name in _CELLS.values()]


def _row(document: ReportDocument, cluster: Cluster, point: CompliancePoint, found: Finding) -> LongTableRow:
    law = [NATIONAL_LAW_TAG] if found.finding == "nc_national_law" else []
    return {
        **_facts(document),
        "questionnaire": QUESTIONNAIRE,
        "cluster": cluster.name,
        "compliance_point": point.name,
        "question_id": found.ext_id,
        "label": found.label,
        "question_type": found.question_type,
        "finding": finding_cell(found.question_type, found.finding, found.value),
        "tags": [*public_tags(found.tags), *law],
        "evidence": found.note,
        "source": PROVENANCE_CELLS.get(found.provenance, ""),
    }
