"""Questionnaire versions, assessments made with them, copies of reports, and tables on their way in.

A tool is immutable once an assessment uses it; answers are immutable once the assessment was released to the
factory (a correction is a new version). Both are refused by the database itself, whoever asks.
"""

from assessments.models.answers import Answer
from assessments.models.assessments import Assessment
from assessments.models.corrections import CorrectionNotice
from assessments.models.imports import ImportBatch, ImportProblem, ImportQuestion, ImportRow, ImportVisit
from assessments.models.reports import ReportCopy
from assessments.models.tools import (
    PUBLIC_TAG,
    ZERO_TOLERANCE_TAG,
    Cluster,
    CompliancePoint,
    Question,
    Tool,
)

from assessments.figures.models import Figures  # isort: skip # it needs the models above

__all__ = [
    "PUBLIC_TAG",
    "ZERO_TOLERANCE_TAG",
    "Answer",
    "Assessment",
    "Cluster",
    "CompliancePoint",
    "CorrectionNotice",
    "Figures",
    "ImportBatch",
    "ImportProblem",
    "ImportQuestion",
    "ImportRow",
    "ImportVisit",
    "Question",
    "ReportCopy",
    "Tool",
]
