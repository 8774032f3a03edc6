"""Reports: one canonical document, four formats.

    document = build_document(header, rows, scope="report", language="km")
    file = render(document, stamp, "pdf", should_cancel=job.is_cancelled)

The formats know neither the database nor who may read what: they are given rows that the caller was allowed to read
(`services`), and make a file of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from assessments.reports.build import build_document, point_status
from assessments.reports.document import AnswerRow, Header, ReaderStamp, ReportDocument
from assessments.reports.formats import CONTENT_TYPES, FORMATS, Format, RenderedFile
from assessments.reports.labels import languages
from assessments.reports.pdf import render_pdf
from assessments.reports.schema import render_json
from assessments.reports.table import programme_table, report_table
from assessments.reports.workbook import render_workbook
from portal.core.documents import RenderCancelledError, RenderError, RenderTimeoutError, ShouldCancel

__all__ = [
    "CONTENT_TYPES",
    "FORMATS",
    "ReaderStamp",
    "RenderCancelledError",
    "RenderError",
    "RenderTimeoutError",
    "RenderedFile",
    "build_document",
    "file_name",
    "languages",
    "point_status",
    "render",
    "render_programme_table",
]

Renderer = Callable[[ReportDocument, ReaderStamp, ShouldCancel], bytes]

_RENDERERS: dict[Format, Renderer] = {
    "pdf": lambda document, stamp, should_cancel: render_pdf(document, stamp, should_cancel=should_cancel),
    "xlsx": lambda document, stamp, _should_cancel: render_workbook(document, stamp),
    "json": lambda document, stamp, _should_cancel: render_json(document, stamp),
    "csv": lambda document, _stamp, _should_cancel: b"".join(report_table(document)),
}


def render(
    document: ReportDocument,
    stamp: ReaderStamp,
    format: Format,  # noqa: A002 (the word everyone uses for it)
    *,
    should_cancel: ShouldCancel = lambda: False,
) -> RenderedFile:
    """Return one finished file for one reader.

    Raises `ValueError` for an unknown format, `RenderCancelledError` as soon as `should_cancel()` is
    true, `RenderTimeoutError`, and `RenderError` when the file could not be made.
    """
    if format not in FORMATS:
        raise ValueError(f"Unknown report format {format!r}; known: {', '.join(FORMATS)}.")
    if should_cancel():
        raise RenderCancelledError
    return _named(_RENDERERS[format](document, stamp, should_cancel), document, stamp, format)


def render_programme_table(
    document: ReportDocument,
    stamp: ReaderStamp,
    header: Header,
    rows: Iterable[AnswerRow],
    *,
    questionnaire: str,
    is_obsolete: bool,
) -> RenderedFile:
    """Return the long table of one assessment for staff, with the name that the document's own file would have."""
    content = b"".join(programme_table(header, rows, questionnaire=questionnaire, is_obsolete=is_obsolete))
    return _named(content, document, stamp, "csv")


def _named(content: bytes, document: ReportDocument, stamp: ReaderStamp, format: Format) -> RenderedFile:  # noqa: A002
    facts = document.assessment
    name = file_name(
        bw_id=document.factory.bw_id,
        cycle=facts.cycle,
        version=facts.version,
        scope=document.scope,
        language=document.language,
        copy_number=stamp.copy_number,
        format=format,
    )
    return RenderedFile(content, name, CONTENT_TYPES[format])


def file_name(
    *,
    bw_id: str,
    cycle: int,
    version: int,
    scope: str,
    language: str,
    copy_number: int,
    format: str,  # noqa: A002
) -> str:
    """Return a plain ASCII name that says whose report it is, and which copy."""
    words = f"{bw_id}-cycle-{cycle}-v{version}-{scope}-{language}-copy-{copy_number}"
    return f"better-work-{re.sub(r'[^A-Za-z0-9-]+', '-', words).strip('-')}.{format}"
