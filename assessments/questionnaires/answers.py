"""What can be an answer to a question, by its answer type: one form for each value, in which it is stored.

A number has a point, no thousands separators and no idle zeros; a date is in ISO 8601; a choice is one of the options,
as written in the questionnaire. An empty text is no answer.
"""

import re
from collections.abc import Sequence
from datetime import date

from assessments.questionnaires.models import Question

AnswerType = Question.AnswerType
# The findings that an assessor can choose; "info" is kept for what is not a finding.
FINDINGS = ("nc", "compliant", "not_applicable", "not_assessed", "nc_national_law")
YES_NO = ("yes", "no")
MOST_TEXT = 4_000  # characters
_NUMBER = re.compile(r"(?!-0$)-?(0|[1-9][0-9]{0,14})(\.[0-9]{0,5}[1-9])?")


def allowed_answers(answer_type: str, options: Sequence[str]) -> Sequence[str]:
    """Return the answers that can be chosen; none where the answer is written."""
    return {AnswerType.FINDING: FINDINGS, AnswerType.YES_NO: YES_NO, AnswerType.CHOICE: options}.get(
        AnswerType(answer_type), ()
    )


def is_answer(answer_type: str, value: str, options: Sequence[str] = ()) -> bool:
    """Return whether a text is an answer of a type, in the form in which answers are stored."""
    if allowed := allowed_answers(answer_type, options):
        return value in allowed
    if answer_type == AnswerType.NUMBER:
        return _NUMBER.fullmatch(value) is not None
    if answer_type == AnswerType.DATE:
        return is_date(value)
    return 0 < len(value) <= MOST_TEXT


def is_date(value: str) -> bool:
    """Return whether a text is a day in ISO 8601, as year-month-day."""
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
