"""The facts that repeat in the rows of a long table, as they were read: those of an assessment and of a question."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from uuid import UUID


@dataclass(slots=True)
class Visit:
    """An assessment as the table describes it. `row` is its first row; `assessment_id` its key in the portal.
    `end_date` and `mode` are empty if the table does not say.

    `country_cell` is the country as it is written there; it is known only while the file is read.
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
    end_date: date | None = None
    mode: str = ""
    assessment_id: UUID | None = None
    country_cell: str = ""


@dataclass(slots=True)
class AskedQuestion:
    """A question as the table describes it, once for each questionnaire."""

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
class TagSet:
    """Tags as rows of the table have them, once."""

    number: int
    row: int
    tags: Sequence[str]


@dataclass(slots=True)
class Variant:
    """A question that the table words in two ways. That matters only if a questionnaire is made from the table."""

    row: int
    column: str
    value: str
    question: AskedQuestion


VISIT_FIELDS = tuple(one.name for one in fields(Visit) if one.name not in {"assessment_id", "country_cell"})
TAG_FIELDS = tuple(one.name for one in fields(TagSet))
QUESTION_FIELDS = tuple(one.name for one in fields(AskedQuestion))
