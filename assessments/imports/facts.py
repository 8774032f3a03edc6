"""What repeats in the rows of a long table, as it was read: the facts of an assessment and of a question."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID


@dataclass(slots=True)
class Visit:
    """An assessment as the table tells it. `row` is where it first stands; `assessment_id` what it is here.

    `country_cell` is the country as it is written there; only the reading knows it.
    """

    number: int
    row: int
    quest_id: str
    country: str
    bw_id: str
    factory_name: str
    is_obsolete: bool
    cycle: int
    start_date: date
    questionnaire: str
    assessment_id: UUID | None = None
    country_cell: str = ""


@dataclass(slots=True)
class AskedQuestion:
    """A question as the table tells it, once for each questionnaire."""

    number: int
    row: int
    questionnaire: str
    ext_id: str
    cluster: str
    compliance_point: str
    label: str
    type: str
    tags: Sequence[str]


@dataclass(slots=True)
class Variant:
    """A question that the table words in two ways. That matters only where a questionnaire is made from it."""

    row: int
    column: str
    value: str
    question: AskedQuestion


VISIT_FIELDS = tuple(one.name for one in fields(Visit) if one.name not in {"assessment_id", "country_cell"})
QUESTION_FIELDS = tuple(one.name for one in fields(AskedQuestion))
