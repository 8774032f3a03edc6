"""The PDF of a report: tagged, in any of the programme's scripts, made by Typst (`portal.core.documents`)."""

from __future__ import annotations

import calendar
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assessments.reports.document import (
    POINT_STATUSES,
    Cluster,
    CompliancePoint,
    Counts,
    Finding,
    ReaderStamp,
    ReportDocument,
    Summary,
)
from assessments.reports.labels import RIGHT_TO_LEFT, Labels, answer_in_words, format_date, format_number, labels_for
from portal.core.documents import ShouldCancel, breakable, compile_pdf, map_strings, showable
from sharing.scopes import rule_of

TEMPLATE = Path(__file__).parent / "report.typ"
LONG_FINDING = 1_500  # characters; about half a page

_PERSON = "\u2068{}\u2069"  # a name inside a sentence keeps its own direction


def render_pdf(
    document: ReportDocument, stamp: ReaderStamp, *, should_cancel: ShouldCancel, timeout: float = 60.0
) -> bytes:
    """Return the PDF of a document for one reader.

    `should_cancel` is called five times a second while Typst runs; `timeout` is in seconds. Raises
    `RenderCancelledError`, `RenderTimeoutError`, or `RenderError` with what Typst said.
    """
    timestamp = calendar.timegm(stamp.date.timetuple())
    data = payload(document, stamp)
    return compile_pdf(TEMPLATE, data, timestamp=timestamp, should_cancel=should_cancel, timeout=timeout)


def payload(document: ReportDocument, stamp: ReaderStamp) -> dict[str, Any]:
    """Return what `report.typ` shows, in characters that the bundled fonts can show."""
    replaced = 0

    def change(text: str) -> str:
        nonlocal replaced
        shown, count = showable(text)
        replaced += count
        return breakable(shown)

    shown: dict[str, Any] = map_strings(_payload(document, stamp), change)
    if replaced:
        labels = labels_for(document.language)
        shown["method"].append(labels["replaced_note"].format(count=replaced))
    return shown


# --- the payload ------------------------------------------------------------------------------------


def _payload(document: ReportDocument, stamp: ReaderStamp) -> dict[str, object]:
    labels = labels_for(document.language)
    return {
        "labels": dict(labels),
        "language": document.language,
        "rtl": document.language in RIGHT_TO_LEFT,
        "programme": document.programme,
        "factory_name": document.factory.name,
        "local_name": document.factory.local_name,
        **_titles(document, labels),
        **_status(document, labels),
        "facts": _facts(document, labels),
        "stamp": _stamp_facts(stamp, labels),
        "copy_line": _copy_line(stamp, labels),
        **_summary(document, labels),
        **_findings(document, labels),
        "method": [labels[f"method_{part}"] for part in ("done", "point", "rate", "provenance")],
        "legend": [asdict(entry) for entry in document.legend],
    }


def _titles(document: ReportDocument, labels: Labels) -> dict[str, str]:
    words = labels[f"title_{document.scope}"]
    cycle = f"{labels['cycle']} {document.assessment.cycle}"
    named = _PERSON.format(document.factory.name)
    return {
        "title_words": words,
        "title": f"{words}: {document.factory.name}, {cycle}",
        "running_title": f"{words} · {named} · {cycle}",
    }


def _status(document: ReportDocument, labels: Labels) -> dict[str, object]:
    assessment = document.assessment
    marked = assessment.status != "current"
    notes = []
    if assessment.mode == "virtual":
        notes.append({"title": labels["mode_virtual"], "text": labels["mode_virtual_note"]})
    if assessment.correction_note:
        notes.append({"title": labels["correction"], "text": assessment.correction_note})
    return {
        "status_word": labels[f"status_{assessment.status}"] if marked else "",
        "status_note": labels[f"status_{assessment.status}_note"] if marked else "",
        "notes": notes,
    }


def _facts(document: ReportDocument, labels: Labels) -> list[tuple[str, str]]:
    factory, assessment = document.factory, document.assessment
    facts = [
        (labels["factory_id"], factory.bw_id),
        (labels["country"], factory.country),
        (labels["address"], factory.address),
        (labels["workers"], _workers(document, labels)),
        (labels["cycle"], str(assessment.cycle)),
        (labels["version"], str(assessment.version)),
        (labels["dates"], _dates(document, labels)),
        (labels["mode"], labels[f"mode_{assessment.mode}"]),
        (labels["published_on"], format_date(assessment.published_on, labels)),
    ]
    return [(name, value) for name, value in facts if value]


def _workers(document: ReportDocument, labels: Labels) -> str:
    factory = document.factory
    if factory.workers_women is None or factory.workers_men is None:
        return ""
    return labels["workers_value"].format(
        women=format_number(factory.workers_women), men=format_number(factory.workers_men)
    )


def _dates(document: ReportDocument, labels: Labels) -> str:
    start, end = (format_date(day, labels) for day in (document.assessment.start_date, document.assessment.end_date))
    return start if start == end else labels["dates_value"].format(start=start, end=end)


def _stamp_facts(stamp: ReaderStamp, labels: Labels) -> list[tuple[str, str]]:
    return [
        (labels["reader"], stamp.reader),
        (labels["organisation"], stamp.organisation),
        (labels["copy_date"], " · ".join(filter(None, (format_date(stamp.date, labels), stamp.zone)))),
        (labels["copy_number"], str(stamp.copy_number)),
    ]


def _copy_line(stamp: ReaderStamp, labels: Labels) -> str:
    return labels["copy_line"].format(
        number=stamp.copy_number,
        reader=_PERSON.format(stamp.reader),
        organisation=_PERSON.format(stamp.organisation),
        date=format_date(stamp.date, labels),
    )


def _summary(document: ReportDocument, labels: Labels) -> dict[str, object]:
    total = document.total
    lines = [_summary_row(line, labels) for line in document.summary]
    bars = "; ".join(f"{line['name']}: {line['rate_text']}" for line in lines)
    return {
        "summary_line": labels["summary_line"].format(nc=total.points_nc, assessed=total.points_assessed),
        "summary": lines,
        "total": _summary_row(total, labels),
        "chart_alt": f"{labels['chart_alt']} {bars}",
    }


def _summary_row(line: Summary, labels: Labels) -> dict[str, object]:
    rate_text = "–" if line.rate is None else labels["rate_value"].format(percent=f"{100 * line.rate:.0f}")
    numbers = (line.questions_assessed, line.points_assessed, line.points_nc)
    return {
        "name": line.name,
        "rate": line.rate,
        "rate_text": rate_text,
        "cells": [*map(format_number, numbers), rate_text],
    }


def _findings(document: ReportDocument, labels: Labels) -> dict[str, object]:
    is_report = not rule_of(document.scope).lists_answers
    return {
        "overview": is_report,
        "findings_heading": labels["findings" if is_report else f"answers_{document.scope}"],
        "answer_heading": labels["finding" if is_report else "answer"],
        "clusters": [_cluster(cluster, document) for cluster in document.clusters],
    }


def _cluster(cluster: Cluster, document: ReportDocument) -> dict[str, object]:
    labels = labels_for(document.language)
    assessed = any(point.counts.assessed for point in cluster.points)
    found = any(point.status in ("nc", "nc_national_law") for point in cluster.points)
    note = "" if found else labels["no_findings" if assessed else "nothing_assessed"]
    return {"name": cluster.name, "note": note, "points": [_point(point, document) for point in cluster.points]}


def _point(point: CompliancePoint, document: ReportDocument) -> dict[str, object]:
    return {
        "name": point.name,
        "status": point.status,
        "line": _counts_line(point.counts, labels_for(document.language)),
        "findings": [_finding(found, document) for found in point.findings],
    }


def _counts_line(counts: Counts, labels: Labels) -> list[str]:
    numbers = {code: getattr(counts, code) for code in POINT_STATUSES}
    return [f"{labels[f'finding_{code}']}: {number}" for code, number in numbers.items() if number]


def _finding(found: Finding, document: ReportDocument) -> dict[str, object]:
    value = answer_in_words(found.value, labels_for(document.language))
    return {
        "ext_id": found.ext_id,
        "label": found.label,
        "finding": found.finding,
        "value": value,
        "note": found.note,
        "marks": _marks(found, document),
        "is_long": len(found.label) + len(found.note) + len(found.value) > LONG_FINDING,
    }


def _marks(found: Finding, document: ReportDocument) -> list[str]:
    """Return what is printed under a finding: how it was assessed only if that differs from the cover."""
    labels = labels_for(document.language)
    marks = [labels["public_issue"]] if found.is_public_issue else []
    if found.provenance not in ("", document.assessment.mode):
        marks.append(labels[f"provenance_{found.provenance}"])
    return marks
