"""Questionnaire versions, assessments made with them, copies of reports, and tables that wait for their import.

A tool is immutable once an assessment uses it; answers are immutable once the assessment was released to the
factory (a correction is a new version). The database itself refuses changes to both, whoever makes them.
"""

from assessments.answering.models import Answer
from assessments.corrections.models import CorrectionNotice
from assessments.imports.models import ImportBatch
from assessments.questionnaires.models import (
    PUBLIC_TAG,
    ZERO_TOLERANCE_TAG,
    Cluster,
    CompliancePoint,
    LegalReference,
    Question,
    Succession,
    SuccessorQuestion,
    Tool,
    Wording,
)
from assessments.reports.models import ReportCopy
from assessments.sheets.models import AnswerSheet, Entry, Mutation
from assessments.visits.models import Assessment, Assessor

from assessments.figures.models import Figures  # isort: skip # it needs the models above

__all__ = [
    "PUBLIC_TAG",
    "ZERO_TOLERANCE_TAG",
    "Answer",
    "AnswerSheet",
    "Assessment",
    "Assessor",
    "Cluster",
    "CompliancePoint",
    "CorrectionNotice",
    "Entry",
    "Figures",
    "ImportBatch",
    "LegalReference",
    "Mutation",
    "Question",
    "ReportCopy",
    "Succession",
    "SuccessorQuestion",
    "Tool",
    "Wording",
]
