"""The canonical report document: the contents of a report, in one plain value from which every format is made.

One document exists per assessment version, scope and language. It holds no reader: the reader's name and
copy number are a `ReaderStamp`, given to the renderer beside it. Nothing here touches a database.

Rules that the structure itself ensures:

- R12: no field says whether a finding came from Better Work or from SLCP. There is no tool name, tool
  kind, SLCP reference id or Step number anywhere in a document.
- R49: "non-compliance by national law" is a finding of its own and never merged with `nc`.

The rules that need counting (R13, R15, R22, R23) are in `build.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, get_args

from sharing.scopes import ASSESSMENT_SCOPES

Mode = Literal["on_site", "virtual"]
Status = Literal["current", "superseded", "withdrawn", "draft"]
FindingCode = Literal["nc", "nc_national_law", "compliant", "not_applicable", "not_assessed", "info"]
PointStatus = Literal["nc", "nc_national_law", "compliant", "not_applicable", "not_assessed"]
QuestionType = Literal["NC", "FGW"]
Provenance = Literal["on_site", "virtual", "self_assessed"]

Scope = str  # one of SCOPES
SCOPES: tuple[Scope, ...] = tuple(scope.value for scope in ASSESSMENT_SCOPES)
FINDING_CODES: tuple[FindingCode, ...] = get_args(FindingCode)
POINT_STATUSES: tuple[PointStatus, ...] = get_args(PointStatus)
PROVENANCES: tuple[Provenance, ...] = get_args(Provenance)


class AnswerRow(TypedDict):
    """One question of the tool with its answer, as one query's `.values()` gives it, in tool order.

    A question that has no answer is a row too, with `finding` None: unanswered is not compliant (R22).
    """

    cluster: str
    compliance_point: str
    ext_id: str
    label: str
    language: str  # of the three texts above
    question_type: QuestionType
    step: int | None  # 1, 2, 3, or None for a question of Better Work's own
    finding: str | None  # a FindingCode
    value: str | None  # text or number of a FGW question
    note: str | None  # evidence
    provenance: str | None  # a Provenance
    is_public_issue: bool
    in_vcc: bool  # asked in a Virtual Compliance Check (R23)
    tags: Sequence[str]


@dataclass(frozen=True, slots=True)
class Words:
    """Translations of a questionnaire's texts into one language; a text without one stays as it is."""

    language: str
    texts: Mapping[str, str]

    def of(self, text: str, language: str) -> tuple[str, str]:
        """Return a text of that language as readers see it, with the language in which they do."""
        translation = self.texts.get(text)
        return (translation, self.language) if translation else (text, language)


@dataclass(frozen=True, slots=True)
class FactoryFacts:
    """The factory as the report names it. `bw_id` is Better Work's own id, never an id at SLCP (R1)."""

    bw_id: str
    name: str
    local_name: str
    country: str
    address: str
    workers_women: int | None
    workers_men: int | None


@dataclass(frozen=True, slots=True)
class AssessmentFacts:
    """The assessment as the report names it. `quest_id` is the long table's key of the assessment."""

    id: str
    quest_id: str
    cycle: int
    version: int
    mode: Mode
    status: Status
    start_date: dt.date
    end_date: dt.date
    published_on: dt.date | None
    correction_note: str


@dataclass(frozen=True, slots=True)
class Header:
    """Everything a document needs besides the answers.

    `national_law_results_hidden`: the country shows no factory-level result of questions that national
    law decides (R49).
    """

    programme: str
    factory: FactoryFacts
    assessment: AssessmentFacts
    national_law_results_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One question with what was found. `provenance` is empty where nothing was assessed."""

    ext_id: str
    label: str
    label_language: str
    question_type: QuestionType
    finding: FindingCode
    value: str
    note: str
    provenance: Provenance | Literal[""]
    is_public_issue: bool
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of questions of a compliance point with each finding; information questions are in none of
    them (R22)."""

    nc: int
    nc_national_law: int
    compliant: int
    not_applicable: int
    not_assessed: int

    @property
    def assessed(self) -> int:
        """The number of questions that were applicable and got a determination."""
        return self.nc + self.nc_national_law + self.compliant


@dataclass(frozen=True, slots=True)
class CompliancePoint:
    """One compliance point: its status over all its questions, and the findings that the scope may show."""

    name: str
    name_language: str
    status: PointStatus
    counts: Counts
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    name: str
    name_language: str
    points: tuple[CompliancePoint, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """One row of the summary. `rate` is non-compliant points / points assessed, 0 to 1; None when none
    was assessed."""

    name: str
    questions_assessed: int
    points_assessed: int
    points_nc: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A word of the report in plain language."""

    code: FindingCode
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ReportDocument:
    """The contents of the report: the one source of every format.

    In the scope "report" a compliance point lists its non-compliances and information answers, and only
    counts the rest; in a scope that lists answers (`sharing.scopes`) it lists every question of it with its answer.
    """

    scope: Scope
    language: str
    programme: str
    factory: FactoryFacts
    assessment: AssessmentFacts
    total: Summary
    summary: tuple[Summary, ...]
    clusters: tuple[Cluster, ...]
    legend: tuple[LegendEntry, ...]

    def findings(self) -> Iterator[tuple[Cluster, CompliancePoint, Finding]]:
        """Yield each finding that the scope may show, with its cluster and compliance point."""
        for cluster in self.clusters:
            for point in cluster.points:
                for finding in point.findings:
                    yield cluster, point, finding


@dataclass(frozen=True, slots=True)
class ReaderStamp:
    """The reader for whom this copy was made: printed on each page, so that a copy can be traced to its reader."""

    reader: str
    organisation: str
    date: dt.date
    copy_number: int
    zone: str = ""  # the time zone of the document's dates, such as "Asia/Jayapura (UTC+09:00)"
