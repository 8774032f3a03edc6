"""The building of the canonical document from the rows of one query.

This module owns the counting rules of a report:

- R13: a factory's own answer is never a finding. It is shown as reported by the factory and counts for
  nothing.
- R11: zero tolerance is for staff only: its tag is in no report.
- R12: a question id that is an SLCP reference id is replaced by the question's place in the tool.
- R15: questions of Steps 2 and 3 carry no determination and are in no report, whatever the rows hold.
- R22: a compliance point is non-compliant when any applicable question in it is. Information (FGW)
  questions and "not applicable" never count; unanswered is not compliant.
- R23: in a Virtual Compliance Check the questions outside its subset were not assessed.
- R49: where the country hides results that national law decides, they read "not assessed" like any other gap.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal, cast

from assessments.reports.document import (
    FINDING_CODES,
    POINT_STATUSES,
    PROVENANCES,
    SCOPES,
    AnswerRow,
    Cluster,
    CompliancePoint,
    Counts,
    FactoryFacts,
    Finding,
    FindingCode,
    Header,
    LegendEntry,
    PointStatus,
    Provenance,
    ReportDocument,
    Scope,
    Summary,
    Words,
)
from assessments.reports.labels import Labels, labels_for
from sharing.scopes import rule_of

SHOWN_IN_REPORT: frozenset[FindingCode] = frozenset({"nc", "nc_national_law", "info"})

# R12: what a country's tag list may say about SLCP stays out of every report.
_SLCP_REFERENCE = re.compile(r"[A-Z]{1,4}-[A-Z]{1,4}-\d+", re.IGNORECASE)
_SLCP_TAG = re.compile(rf"\b(slcp|caf|gateway|step ?[123])\b|{_SLCP_REFERENCE.pattern}", re.IGNORECASE)
# R11: staff follow up what may go to the authority. Readers see the finding, but not this tag.
_STAFF_TAG = re.compile(r"\bzero[ _-]?tolerance\b", re.IGNORECASE)
# Control characters mean nothing in a report and are illegal in XML; lone surrogates in UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def build_document(
    header: Header, rows: Iterable[AnswerRow], *, scope: Scope, language: str, words: Words | None = None
) -> ReportDocument:
    """Build the canonical document of one assessment version in one scope and language.

    It takes the header facts, every question of the tool with its answer in tool order, and the translations of the
    questionnaire into the language, if it has any. Raises
    `ValueError` for an unknown scope or finding, `UnknownLanguageError` for a language without fixed
    wording.
    """
    if scope not in SCOPES:
        raise ValueError(f"Unknown report scope {scope!r}; known: {', '.join(SCOPES)}.")
    labels, steps = labels_for(language), rule_of(scope).counted_steps
    words = words or Words(language, {})
    asked = [(place, row) for place, row in enumerate(rows, start=1) if row["step"] in steps]
    judged = [(row, _finding(row, place, header, words)) for place, row in asked]
    clusters = tuple(_clusters(judged, scope, words))
    return ReportDocument(
        scope=scope,
        language=language,
        programme=plain(header.programme),
        factory=_plain_factory(header),
        assessment=replace(header.assessment, correction_note=plain(header.assessment.correction_note)),
        total=_summarise(labels["total"], clusters),
        summary=tuple(_summarise(cluster.name, [cluster]) for cluster in clusters),
        clusters=clusters,
        legend=_legend(labels),
    )


def point_status(findings: Iterable[FindingCode]) -> PointStatus:
    """Return the status of a compliance point from the findings of its questions (R22, R49)."""
    present = set(findings)
    order: tuple[PointStatus, ...] = ("nc", "nc_national_law", "compliant", "not_assessed", "not_applicable")
    return next((status for status in order if status in present), "not_assessed")


def public_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return the tags a report may show: none that mention SLCP (R12), nor zero tolerance, which is for staff (R11)."""
    return tuple(tag for tag in map(plain, tags) if tag and not _SLCP_TAG.search(tag) and not _STAFF_TAG.search(tag))


def plain(text: str | None) -> str:
    """Return the text without control characters and with one kind of line break."""
    return _UNPRINTABLE.sub("", (text or "").replace("\r\n", "\n").replace("\r", "\n")).strip()


def _finding(row: AnswerRow, place: int, header: Header, words: Words) -> Finding:
    code = _code(row, header)
    told = code != "not_assessed"
    label, language = words.of(row["label"], row["language"])
    return Finding(
        ext_id=str(place) if _SLCP_REFERENCE.match(row["ext_id"]) else plain(row["ext_id"]),
        label=plain(label),
        label_language=language,
        question_type=row["question_type"],
        finding=code,
        value=plain(row["value"]) if told else "",
        note=plain(row["note"]) if told else "",
        provenance=_provenance(row) if told else "",
        is_public_issue=row["is_public_issue"],
        tags=public_tags(row["tags"]),
    )


def _code(row: AnswerRow, header: Header) -> FindingCode:
    code = row["finding"] or "not_assessed"
    if code not in FINDING_CODES:
        raise ValueError(f"Question {row['ext_id']}: unknown finding {code!r}; known: {', '.join(FINDING_CODES)}.")
    if header.assessment.mode == "virtual" and not row["in_vcc"]:
        return "not_assessed"
    if code == "nc_national_law" and header.national_law_results_hidden:
        return "not_assessed"
    if row["question_type"] == "FGW" or row["provenance"] == "self_assessed":
        return "info" if plain(row["value"]) or plain(row["note"]) else "not_assessed"
    return "not_assessed" if code == "info" else cast(FindingCode, code)


def _provenance(row: AnswerRow) -> Provenance:
    if row["provenance"] not in PROVENANCES:
        raise ValueError(f"Question {row['ext_id']}: unknown provenance {row['provenance']!r}.")
    return row["provenance"]


Judged = tuple[AnswerRow, Finding]


def _clusters(judged: Sequence[Judged], scope: Scope, words: Words) -> Iterable[Cluster]:
    for (name, language), rows in itertools.groupby(judged, key=lambda pair: _named(pair[0], "cluster")):
        shown, shown_in = words.of(name, language)
        yield Cluster(plain(shown), shown_in, tuple(_points(rows, scope, words)))


def _points(judged: Iterable[Judged], scope: Scope, words: Words) -> Iterable[CompliancePoint]:
    for named, rows in itertools.groupby(judged, key=lambda pair: _named(pair[0], "compliance_point")):
        yield _point(*words.of(*named), list(rows), scope)


def _named(row: AnswerRow, part: Literal["cluster", "compliance_point"]) -> tuple[str, str]:
    """Return the name of the part of the tool to which a question belongs, with its language."""
    return row[part], row["language"]


def _point(name: str, language: str, judged: Sequence[Judged], scope: Scope) -> CompliancePoint:
    counted = [_counted(found.finding) for row, found in judged if row["question_type"] != "FGW"]
    return CompliancePoint(
        name=plain(name),
        name_language=language,
        status=point_status(counted),
        counts=_count(counted),
        findings=tuple(
            found for _, found in judged if rule_of(scope).lists_answers or found.finding in SHOWN_IN_REPORT
        ),
    )


def _counted(code: FindingCode) -> FindingCode:
    """Return what a finding counts as: the factory's own answer to a question leaves it not assessed (R13)."""
    return "not_assessed" if code == "info" else code


def _count(findings: Iterable[FindingCode]) -> Counts:
    number = Counter(findings)
    return Counts(**{status: number[status] for status in POINT_STATUSES})


def _summarise(name: str, clusters: Iterable[Cluster]) -> Summary:
    points = [point for cluster in clusters for point in cluster.points]
    assessed = [point for point in points if point.counts.assessed]
    non_compliant = sum(point.status == "nc" for point in assessed)
    return Summary(
        name=name,
        questions_assessed=sum(point.counts.assessed for point in points),
        points_assessed=len(assessed),
        points_nc=non_compliant,
        rate=round(non_compliant / len(assessed), 4) if assessed else None,
    )


def _legend(labels: Labels) -> tuple[LegendEntry, ...]:
    return tuple(
        LegendEntry(code=code, label=labels[f"finding_{code}"], meaning=labels[f"meaning_{code}"])
        for code in FINDING_CODES
    )


def _plain_factory(header: Header) -> FactoryFacts:
    factory = header.factory
    return replace(
        factory,
        name=plain(factory.name),
        local_name=plain(factory.local_name),
        address=plain(factory.address),
        country=plain(factory.country),
    )
