"""The XLSX workbook of a report: Summary, Findings and About, with typed columns.

Texts that people wrote are written as strings and only as strings: nothing that starts with `=` becomes a
formula, no address becomes a link. Rows are written to disk as they come (constant memory).
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from assessments.reports.document import Finding, ReaderStamp, ReportDocument, Summary
from assessments.reports.labels import RIGHT_TO_LEFT, Labels, labels_for
from portal.core.days import UTC_DAYS, start_of
from portal.core.exports import WORKBOOK
from sharing.scopes import rule_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook

MAX_CELL = 32_767  # characters, Excel's limit

Cell = str | int | float | dt.date | None


def render_workbook(document: ReportDocument, stamp: ReaderStamp) -> bytes:
    """Return the workbook of a document for one reader."""
    import xlsxwriter  # only the job that renders a workbook needs it

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, WORKBOOK) as book:
        _properties(book, document, stamp)
        _summary_sheet(book, document)
        _findings_sheet(book, document)
        _about_sheet(book, document, stamp)
    return buffer.getvalue()


class _Sheet:
    """One worksheet, filled from the top: a header row that stays visible, then typed rows."""

    def __init__(self, book: Workbook, language: str, name: str, widths: Sequence[int]) -> None:
        self.sheet = book.add_worksheet(name[:31])
        self.formats = {kind: book.add_format({"valign": "top", **options}) for kind, options in _FORMATS.items()}
        self.row = 0
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        if language in RIGHT_TO_LEFT:
            self.sheet.right_to_left()

    def header(self, names: Sequence[str], rows: int) -> None:
        """Write the frozen header with a filter over it and the `rows` that follow."""
        for column, name in enumerate(names):
            self.sheet.write_string(0, column, name, self.formats["header"])
        self.sheet.freeze_panes(1, 0)
        self.sheet.autofilter(0, 0, rows, len(names) - 1)
        self.row = 1

    def write(self, cells: Sequence[Cell], *, strong: Sequence[int] = ()) -> None:
        """Write one row; the columns in `strong` are bold."""
        for column, cell in enumerate(cells):
            self._write_cell(column, cell, column in strong)
        self.row += 1

    def _write_cell(self, column: int, cell: Cell, strong: bool) -> None:
        if isinstance(cell, str):
            kind = "strong" if strong else "text"
            self.sheet.write_string(self.row, column, cell[:MAX_CELL], self.formats[kind])
        elif isinstance(cell, dt.date):
            self.sheet.write_datetime(self.row, column, cell, self.formats["date"])
        elif cell is not None:
            kind = "rate" if isinstance(cell, float) else "number"
            self.sheet.write_number(self.row, column, cell, self.formats[kind])


_FORMATS: dict[str, dict[str, object]] = {
    "header": {"bold": True, "text_wrap": True, "bg_color": "#1C6E7D", "font_color": "#FFFFFF", "valign": "vcenter"},
    "text": {"text_wrap": True},
    "strong": {"text_wrap": True, "bold": True},
    "number": {"num_format": "#,##0"},
    "rate": {"num_format": "0%"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
}


def _properties(book: Workbook, document: ReportDocument, stamp: ReaderStamp) -> None:
    book.set_properties(
        {
            "title": f"{labels_for(document.language)[f'title_{document.scope}']}: {document.factory.name}",
            "author": document.programme,
            "created": start_of(stamp.date, UTC_DAYS),
        }
    )


def _summary_sheet(book: Workbook, document: ReportDocument) -> None:
    labels = labels_for(document.language)
    sheet = _Sheet(book, document.language, labels["summary"], (48, 14, 14, 18, 18))
    names = ("cluster", "questions_assessed", "points_assessed", "points_nc", "rate")
    sheet.header([labels[name] for name in names], rows=len(document.summary))
    for line in document.summary:
        sheet.write(_summary_cells(line))
    sheet.write(_summary_cells(document.total), strong=(0,))


def _summary_cells(line: Summary) -> list[Cell]:
    return [line.name, line.questions_assessed, line.points_assessed, line.points_nc, line.rate]


FINDING_COLUMNS = (
    ("cluster", 26),
    ("compliance_point", 28),
    ("question_id", 14),
    ("question", 60),
    ("finding", 20),
    ("answer", 24),
    ("evidence", 60),
    ("provenance", 22),
    ("public_issue", 14),
    ("tags", 22),
)


def _findings_sheet(book: Workbook, document: ReportDocument) -> None:
    labels = labels_for(document.language)
    name = labels[f"answers_{document.scope}" if rule_of(document.scope).lists_answers else "findings"]
    sheet = _Sheet(book, document.language, name, [width for _, width in FINDING_COLUMNS])
    found = list(document.findings())
    sheet.header([labels[key] for key, _ in FINDING_COLUMNS], rows=len(found))
    for cluster, point, finding in found:
        sheet.write([cluster.name, point.name, *_finding_cells(finding, labels)])


def _finding_cells(finding: Finding, labels: Labels) -> list[Cell]:
    return [
        finding.ext_id,
        finding.label,
        labels[f"finding_{finding.finding}"],
        _typed(finding.value),
        finding.note,
        labels[f"provenance_{finding.provenance}"] if finding.provenance else "",
        labels["yes"] if finding.is_public_issue else "",
        "; ".join(finding.tags),
    ]


def _typed(value: str) -> Cell:
    """Return a whole number as a number, anything else as the text it is."""
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else value


def _about_sheet(book: Workbook, document: ReportDocument, stamp: ReaderStamp) -> None:
    labels = labels_for(document.language)
    sheet = _Sheet(book, document.language, labels["about"], (34, 90))
    for name, cell in _about_rows(document, stamp, labels):
        sheet.write([name, cell], strong=(0,))


def _about_rows(document: ReportDocument, stamp: ReaderStamp, labels: Labels) -> Iterator[tuple[str, Cell]]:
    factory, assessment = document.factory, document.assessment
    yield labels["better_work_assessment"], document.programme
    yield labels["scope"], labels[f"title_{document.scope}"]
    yield labels["factory"], " / ".join(filter(None, (factory.name, factory.local_name)))
    yield labels["factory_id"], factory.bw_id
    yield labels["country"], factory.country
    yield labels["address"], factory.address
    yield labels["assessment_id"], assessment.id
    yield labels["cycle"], assessment.cycle
    yield labels["version"], assessment.version
    yield labels["dates"], assessment.start_date
    yield "", assessment.end_date
    yield labels["mode"], labels[f"mode_{assessment.mode}"]
    yield labels["published_on"], assessment.published_on
    yield from _status_rows(document, labels)
    yield labels["reader"], stamp.reader
    yield labels["organisation"], stamp.organisation
    yield labels["copy_date"], stamp.date
    if stamp.zone:
        yield "", stamp.zone
    yield labels["copy_number"], stamp.copy_number
    yield labels["method"], labels["method_point"]
    for part in ("rate", "provenance", "copy"):
        yield "", labels[f"method_{part}"]
    for entry in document.legend:
        yield entry.label, entry.meaning


def _status_rows(document: ReportDocument, labels: Labels) -> Iterator[tuple[str, Cell]]:
    assessment = document.assessment
    yield labels["status"], labels[f"status_{assessment.status}"]
    if assessment.status != "current":
        yield "", labels[f"status_{assessment.status}_note"]
    if assessment.mode == "virtual":
        yield "", labels["mode_virtual_note"]
    if assessment.correction_note:
        yield labels["correction"], assessment.correction_note
