"""The columns of the long table, and how each cell is read."""

import re
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from assessments.imports.problems import not_allowed
from assessments.reports.table import COLUMNS, NATIONAL_LAW_TAG
from portal.core.country_names import country_code
from portal.core.exports import unguard

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
) = COLUMNS
ALIASES = {"Assessment Start Date": START_DATE, "Compliance Point": POINT, "Question Label": LABEL}
OPTIONAL = (TAGS,)
REQUIRED = tuple(name for name in COLUMNS if name not in OPTIONAL)
VISIT_COLUMNS = (COUNTRY, FACTORY_ID, FACTORY_NAME, QUEST_ID, CYCLE, START_DATE, QUESTIONNAIRE)
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
MOST_TEXT = 10_000  # characters of a finding
MOST_TAG = 60
EARLIEST = date(2000, 1, 1)
MOST_CYCLE = 200

_OBSOLETE = re.compile(r"\s*\(\s*obsolete\s*\)\s*", re.IGNORECASE)
_FACTORY_ID = re.compile(r"[A-Za-z0-9._/-]+")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# What other systems call their columns: SLCP's exports, other verifiers' and auditors' reports.
_FOREIGN_HEADERS = (
    "slcp",
    "verifier",
    "gatewayid",
    "selfassessment",
    "facilityresponse",
    "auditor",
    "auditfirm",
    "auditbody",
)
_SLCP_REFERENCE = re.compile(r"[A-Z]{2,4}-[A-Z]{2,5}-\d+(-\d+)*")


class Unreadable(ValueError):  # noqa: N818 - says what the cell is
    """A cell whose text means nothing here; the message says what is allowed."""


def foreign_headers(headers: list[str]) -> list[str]:
    """The columns that show the file to be another verifier's or an SLCP self-assessment (R17)."""
    return [header for header in headers if _is_foreign(re.sub(r"[\W_]+", "", header).casefold(), header)]


def _is_foreign(plain: str, header: str) -> bool:
    named = plain in {"referenceid", "questionreference", "facilityid", "caf", "cafversion", "verificationstatus"}
    return named or is_slcp_reference(header) or any(word in plain for word in _FOREIGN_HEADERS)


def is_slcp_reference(text: str) -> bool:
    """Whether a text looks like an id of SLCP's tool, such as FP-BAS-26."""
    return _SLCP_REFERENCE.fullmatch(text.strip()) is not None


def text(column: str, cell: str) -> str:
    """A required text, without the guard of an export and without surrounding space. Raises `Unreadable`."""
    found = unguard(cell).strip()
    if not found:
        raise Unreadable(_("This cell is empty; a value is required."))
    limit = LIMITS[column]
    if len(found) > limit:
        raise Unreadable(
            _("The text has %(length)s characters; %(limit)s are allowed.") % {"length": len(found), "limit": limit}
        )
    return found


def factory_id(cell: str) -> str:
    """The programme's id of a factory. Raises `Unreadable`."""
    found = text(FACTORY_ID, cell)
    if not _FACTORY_ID.fullmatch(found):
        raise Unreadable(not_allowed(found, _("letters, digits, dots, dashes and slashes")))
    return found


def factory_name(cell: str) -> tuple[str, bool]:
    """The name, and whether "(Obsolete)" stood with it. Raises `Unreadable`."""
    written = text(FACTORY_NAME, cell)
    name = _OBSOLETE.sub(" ", written).strip()
    if not name:
        raise Unreadable(_("The factory has no name."))
    return name, name != written


def country(cell: str) -> str:
    """The code of the country. Raises `Unreadable`."""
    found = unguard(cell).strip()
    code = country_code(found)
    if not code:
        raise Unreadable(not_allowed(found, _("the English name of a country")))
    return code


def cycle(cell: str) -> int:
    """A cycle's number. Raises `Unreadable`."""
    found = cell.strip()
    if not (found.isascii() and found.isdigit() and 1 <= int(found[:6]) <= MOST_CYCLE):
        raise Unreadable(not_allowed(found, _("a whole number from 1 to %s") % MOST_CYCLE))
    return int(found)


def start_date(cell: str) -> date:
    """A day, written dd/mm/yyyy (or, without doubt, yyyy-mm-dd). Raises `Unreadable`."""
    found = cell.strip()
    if match := _DATE.fullmatch(found):
        day, month, year = map(int, match.groups())
    elif match := _ISO_DATE.fullmatch(found):
        year, month, day = map(int, match.groups())
    else:
        raise Unreadable(not_allowed(found, _("a date as day/month/year, such as 27/03/2016")))
    if month > 12 >= day:
        raise Unreadable(
            _("“%s” has no month %s: dates are dd/mm/yyyy. Is the file in month/day/year order?") % (found, month)
        )
    try:
        started = date(year, month, day)
    except ValueError:
        raise Unreadable(
            _("“%s” is no day of the calendar. Write dates as dd/mm/yyyy, such as 27/03/2016.") % found
        ) from None
    if not EARLIEST <= started <= timezone.localdate():
        raise Unreadable(
            _("“%s” is before 2000 or in the future. Write dates as dd/mm/yyyy, such as 27/03/2016.") % found
        )
    return started


def question_type(cell: str) -> str:
    """ "NC" or "FGW". Raises `Unreadable`."""
    found = cell.strip().upper()
    if found not in {"NC", "FGW"}:
        raise Unreadable(not_allowed(found, _("NC, FGW")))
    return found


def tags(cell: str) -> tuple[tuple[str, ...], bool]:
    """The question's tags, and whether this row's non-compliance is due to national law (R49). Raises `Unreadable`.

    The law's tag is the row's, not the question's: an export writes it beside the finding.
    """
    found = dict.fromkeys(tag.strip() for tag in unguard(cell).split(";"))
    names = [name for name in found if name and name != "NA"]
    for name in names:
        if len(name) > MOST_TAG:
            raise Unreadable(_("A tag has at most %s characters.") % MOST_TAG)
    return tuple(name for name in names if name != NATIONAL_LAW_TAG), NATIONAL_LAW_TAG in names
