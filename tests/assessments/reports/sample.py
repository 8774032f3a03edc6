"""A made-up assessment of about 250 questions for the report tests and the render benchmark. No database."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from assessments.reports.build import build_document
from assessments.reports.document import (
    AnswerRow,
    AssessmentFacts,
    FactoryFacts,
    Header,
    ReaderStamp,
    ReportDocument,
    Scope,
)

CLUSTERS = {
    "Child Labour": [
        "Child Labourers",
        "Unconditional Worst Forms",
        "Hazardous Work and other Worst Forms",
        "Documentation and Protection of Young Workers",
    ],
    "Discrimination": ["Race and Origin", "Religion and Political Opinion", "Gender", "Other Grounds"],
    "Forced Labour": ["Coercion", "Bonded Labour", "Forced Labour and Overtime", "Prison Labour"],
    "Freedom of Association and Collective Bargaining": [
        "Freedom to Associate",
        "Union Operations",
        "Interference and Discrimination",
        "Collective Bargaining",
        "Strikes",
    ],
    "Compensation": [
        "Minimum Wages/Piece Rate Wages",
        "Overtime Wages",
        "Premium Pay",
        "Method of Payment",
        "Wage Information, Use and Deduction",
        "Paid Leave",
        "Social Security and Other Benefits",
    ],
    "Contracts and Human Resources": [
        "Employment Contracts",
        "Contracting Procedures",
        "Termination",
        "Dialogue, Discipline and Disputes",
    ],
    "Occupational Safety and Health": [
        "OSH Management Systems",
        "Chemicals and Hazardous Substances",
        "Worker Protection",
        "Working Environment",
        "Health Services and First Aid",
        "Welfare Facilities",
        "Worker Accommodation",
        "Emergency Preparedness",
    ],
    "Working Time": ["Regular Hours", "Overtime", "Leave"],
}

USUAL = ["compliant", "compliant", "nc", "compliant", "not_applicable", None, "compliant"]
INFORMATION = ["Không có", "12", "Clinic open 24 h, one nurse; “good” equipment"]
NOTES = [
    "Two of the six emergency exits on the second floor were blocked by cartons at 10.40 on the first day.",
    "កម្មករ ១២ នាក់ដែលត្រូវបានសម្ភាសន៍បាននិយាយថា ម៉ោងបន្ថែមមិនត្រូវបានបង់ប្រាក់គ្រប់គ្រាន់ទេ ហើយបញ្ជីប្រាក់ខែនៃខែមីនាបង្ហាញដូចគ្នា។",
    "শ্রমিকরা জানিয়েছেন যে জরুরি বহির্গমন পথ কাজের সময় তালাবদ্ধ ছিল; মূল্যায়নকারীরা দুই দিনেই তা দেখেছেন।",
    "قال العمال إن أجور العمل الإضافي لم تُدفع كاملة في مارس، وأظهرت كشوف الرواتب (12 عاملًا) الأمر نفسه.",
    "Người lao động cho biết tiền làm thêm giờ tháng 3 chưa được trả đủ; bảng lương cho thấy điều tương tự.",
    "Interviews and payroll of March show the same gap for 14 workers in the packing section.",
]


def answer(**changes: Any) -> AnswerRow:
    """One row: a compliant Step 1 question unless told otherwise."""
    row = {
        "cluster": "Child Labour",
        "compliance_point": "Child Labourers",
        "ext_id": "1001",
        "label": "All workers have reached the legal minimum age.",
        "language": "en",
        "question_type": "NC",
        "step": 1,
        "finding": "compliant",
        "value": "",
        "note": "",
        "provenance": "on_site",
        "is_public_issue": False,
        "in_vcc": True,
        "tags": [],
    }
    assert changes.keys() <= row.keys(), changes
    return cast(AnswerRow, row | changes)


def rows(per_point: int = 7) -> list[AnswerRow]:
    """Every compliance point with `per_point` questions: 39 x 7 = 273 with the usual mix of answers."""
    found = []
    points = [(cluster, point) for cluster, names in CLUSTERS.items() for point in names]
    for place, (cluster, point) in enumerate(points):
        found += [_row(cluster, point, place, number) for number in range(per_point)]
    return found


def _row(cluster: str, point: str, place: int, number: int) -> AnswerRow:
    seed = place * 7 + number * 3
    finding = USUAL[seed % 11 % 7]
    if place % 4 == 0 and finding == "nc":
        finding = "compliant"
    information = number == 6
    return answer(
        cluster=cluster,
        compliance_point=point,
        ext_id=str(1000 * (1 + place // 5) + place * 10 + number),
        label=f"The factory keeps to the rule on {point.lower()} for all its workers, case {number + 1}.",
        question_type="FGW" if information else "NC",
        step=None if number == 5 else 1,
        finding="info" if information else ("nc_national_law" if seed % 61 == 9 else finding),
        value=INFORMATION[place % 3] if information else "",
        note=NOTES[seed % len(NOTES)] if finding == "nc" and not information else "",
        provenance="on_site",
        is_public_issue=seed % 5 == 0,
        tags=["Public Disclosure"] if seed % 5 == 0 else [],
    )


def header(**changes: Any) -> Header:
    """The facts around the answers; `changes` go to the assessment or to the header itself."""
    hidden = changes.pop("national_law_results_hidden", False)
    facts: dict[str, Any] = {
        "id": "0d5a4f9e-7f0e-4a3c-9c0e-3f6f0d6b2f11",
        "quest_id": "70003",
        "cycle": 4,
        "version": 1,
        "mode": "on_site",
        "status": "current",
        "start_date": dt.date(2026, 3, 16),
        "end_date": dt.date(2026, 3, 17),
        "published_on": dt.date(2026, 4, 9),
        "correction_note": "",
    }
    assert changes.keys() <= facts.keys(), changes
    return Header(
        programme="Better Factories Cambodia",
        factory=FACTORY,
        assessment=AssessmentFacts(**(facts | changes)),
        national_law_results_hidden=hidden,
    )


FACTORY = FactoryFacts(
    bw_id="9001",
    name="Tonle Bright Garment Co., Ltd.",
    local_name="រោងចក្រកាត់ដេរ ទន្លេភ្លឺ",
    country="Cambodia",
    address="Street 598, Phnom Penh",
    workers_women=1204,
    workers_men=310,
)

STAMP = ReaderStamp(
    reader="Marta Lindqvist", organisation="Nordvik Apparel", date=dt.date(2026, 11, 23), copy_number=1042
)


def document(scope: Scope = "report", language: str = "en", **changes: Any) -> ReportDocument:
    """The sample assessment as a document."""
    return build_document(header(**changes), rows(), scope=scope, language=language)
