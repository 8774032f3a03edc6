"""The columns of the long table, and how each cell is read."""

import re
from datetime import date

from assessments.imports.texts import LongTableText
from assessments.models import Question
from assessments.reports.table import COLUMNS, NATIONAL_LAW_TAG, PROVENANCE_CELLS
from portal.core.country_names import country_code
from portal.core.days import last_today
from portal.core.exports import unguard
from portal.core.names import one_line
from portal.core.tables.dates import past_day
from portal.core.tables.texts import TableText, not_allowed
from sharing.terms import MAX_CYCLE

(
    COUNTRY,
    FACTORY_ID,
    FACTORY_NAME,
    QUEST_ID,
    CYCLE,
    START_DATE,
    QUESTIONNAIRE,
    CLUSTER,
    POINT,
    QUESTION_ID,
    LABEL,
    TYPE,
    FINDING,
    TAGS,
    EVIDENCE,
    END_DATE,
    MODE,
    SOURCE,
) = COLUMNS
ALIASES = {
    "Assessment Start Date": START_DATE,
    "Assessment End Date": END_DATE,
    "Assesment End Date": END_DATE,
    "Compliance Point": POINT,
    "Question Label": LABEL,
}
OPTIONAL = (TAGS, EVIDENCE, END_DATE, MODE, SOURCE)
REQUIRED = tuple(name for name in COLUMNS if name not in OPTIONAL)
VISIT_COLUMNS = (COUNTRY, FACTORY_ID, FACTORY_NAME, QUEST_ID, CYCLE, START_DATE, QUESTIONNAIRE, END_DATE, MODE)
QUESTION_COLUMNS = (QUESTIONNAIRE, CLUSTER, POINT, QUESTION_ID, LABEL, TYPE, TAGS)
LIMITS = {
    FACTORY_ID: 40,
    FACTORY_NAME: 200,
    QUEST_ID: 40,
    QUESTIONNAIRE: 150,
    CLUSTER: 150,
    POINT: 200,
    QUESTION_ID: 40,
    LABEL: 1000,
}
MOST_TEXT = 10_000  # characters of a finding or its evidence
MOST_TAG = 60
MOST_TYPE = 20  # characters of a question type

_OBSOLETE = re.compile(r"\s*\(\s*obsolete\s*\)\s*", re.IGNORECASE)
MODES = {"": ""} | {PROVENANCE_CELLS[code].casefold(): code for code in ("on_site", "virtual")}

_TYPE = re.compile(rf"\w[\w /&-]{{0,{MOST_TYPE - 1}}}")
_FACTORY_ID = re.compile(r"[A-Za-z0-9._/-]+")
# Names of columns in other systems: SLCP's exports, other verifiers' and auditors' reports.
_FOREIGN = re.compile("slcp|verifier|gatewayid|selfassessment|facilityresponse|auditor|auditfirm|auditbody")
_SLCP_REFERENCE = re.compile(r"[A-Z]{2,4}-[A-Z]{2,5}-\d+(-\d+)*")


def foreign_headers(headers: list[str]) -> list[str]:
    """Return the columns that show the file to be another verifier's or an SLCP self-assessment (R17)."""
    return [header for header in headers if _is_foreign(re.sub(r"[\W_]+", "", header).casefold(), header)]


def _is_foreign(plain: str, header: str) -> bool:
    named = plain in {"referenceid", "questionreference", "facilityid", "caf", "cafversion", "verificationstatus"}
    return named or is_slcp_reference(header) or _FOREIGN.search(plain) is not None


def is_slcp_reference(text: str) -> bool:
    """Return whether a text looks like an id of SLCP's tool, such as FP-BAS-26."""
    return _SLCP_REFERENCE.fullmatch(text.strip()) is not None


def text(column: str, cell: str) -> str:
    """Return a required text on one line, without the signs that guard it in an export. Raises `ValidationError`."""
    return _within_limit(column, _written(cell))


def _written(cell: str) -> str:
    found = one_line(unguard(cell))
    if not found:
        raise TableText.EMPTY().refusal()
    return found


def _within_limit(column: str, found: str) -> str:
    limit = LIMITS[column]
    if len(found) > limit:
        raise TableText.LONG(length=len(found), limit=limit).refusal()
    return found


def factory_id(cell: str) -> str:
    """Return the programme's id of a factory. Raises `ValidationError`."""
    found = text(FACTORY_ID, cell)
    if not _FACTORY_ID.fullmatch(found):
        raise not_allowed(found, LongTableText.ID_LETTERS()).refusal()
    return found


def factory_name(cell: str) -> tuple[str, bool]:
    """Return the name, and whether "(Obsolete)" was written with it. Raises `ValidationError`."""
    written = _written(cell)
    name = _OBSOLETE.sub(" ", written).strip()
    if not name:
        raise LongTableText.NO_NAME().refusal()
    return _within_limit(FACTORY_NAME, name), name != written


def country(cell: str) -> str:
    """Return the code of the country. Raises `ValidationError`."""
    found = one_line(unguard(cell))
    code = country_code(found)
    if not code:
        raise not_allowed(found, LongTableText.COUNTRIES()).refusal()
    return code


def cycle(cell: str) -> int:
    """Return a cycle's number. Raises `ValidationError`."""
    found = one_line(cell)
    if not (found.isascii() and found.isdigit() and 1 <= int(found[:6]) <= MAX_CYCLE):
        raise not_allowed(found, LongTableText.CYCLES(MAX_CYCLE)).refusal()
    return int(found)


def start_date(cell: str) -> date:
    """Return a day that has begun somewhere. Raises `ValidationError`.

    Whether it has begun at the factory is checked later, for all rows.
    """
    return past_day(one_line(cell), latest=last_today())


def end_date(cell: str) -> date | None:
    """Return the last day; None if the cell is empty. Raises `ValidationError`."""
    found = one_line(cell)
    return past_day(found, latest=last_today()) if found else None


def mode(cell: str) -> str:
    """Return how it was assessed: "on_site" or "virtual", or nothing if the cell is empty. Raises `ValidationError`.

    A factory's own answer is not imported (R13, R17).
    """
    found = one_line(cell)
    code = MODES.get(found.casefold().replace("-", " "))
    if code is None:
        raise not_allowed(found, LongTableText.MODES()).refusal()
    return code


def question_type(cell: str) -> tuple[str, str]:
    """Return "NC" or "FGW", and the table's own word where it counts as "NC" only if somebody confirms it.

    Raises `ValidationError` for what is no such word.
    """
    found = one_line(unguard(cell)).upper()
    if found in Question.Type.values:
        return found, ""
    if not _TYPE.fullmatch(found):
        raise not_allowed(found, LongTableText.TYPES()).refusal()
    return Question.Type.NC.value, found


def tags(cell: str) -> tuple[tuple[str, ...], bool]:
    """Return the tags in alphabetical order, and whether this row's non-compliance is due to national law (R49).

    The law's tag belongs to the row, not the question: an export writes it beside the finding. Raises
    `ValidationError`.
    """
    found = dict.fromkeys(one_line(tag) for tag in unguard(cell).split(";"))
    names = [name for name in found if name and name != "NA"]
    for name in names:
        if len(name) > MOST_TAG:
            raise LongTableText.LONG_TAG(MOST_TAG).refusal()
    return tuple(sorted(name for name in names if name != NATIONAL_LAW_TAG)), NATIONAL_LAW_TAG in names
