"""The one reader of dates: day/month/year with four digits of the year, or year-month-day.

A two-digit year is refused, because a reader that guesses the century is wrong without notice; so is month/day/year.
"""

import re
from datetime import date, timedelta

from portal.core.days import last_today
from portal.core.tables.texts import TableText

EARLIEST = date(2000, 1, 1)  # before the programme began
AHEAD = timedelta(days=366)  # how far an announced day may lie in the future
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SHORT_YEAR = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{1,3}")


def day(text: str) -> date:
    """Return the day that a cell names. Raises `ValidationError` with what to write instead."""
    shown = text[:60]
    if not text:
        raise TableText.EMPTY().refusal()
    if match := _DATE.fullmatch(text):
        day_, month, year = map(int, match.groups())
        if month > 12 >= day_:
            raise TableText.MONTH_FIRST(value=shown, month=month).refusal()
    elif match := _ISO_DATE.fullmatch(text):
        year, month, day_ = map(int, match.groups())
    elif _SHORT_YEAR.fullmatch(text):
        raise TableText.SHORT_YEAR(value=shown).refusal()
    else:
        raise TableText.NO_DATE(value=shown).refusal()
    try:
        return date(year, month, day_)
    except ValueError:
        raise TableText.NO_DAY(shown).refusal() from None


def past_day(text: str, latest: date) -> date:
    """Return the day that a cell names, which is at most `latest`. Raises `ValidationError`."""
    found = day(text)
    if not EARLIEST <= found <= latest:
        raise TableText.NOT_PAST(text[:60]).refusal()
    return found


def refuse_implausible(found: date) -> None:
    """Raise `ValidationError` for a day before the programme began, or more than a year ahead."""
    if not EARLIEST <= found <= last_today() + AHEAD:
        raise TableText.IMPLAUSIBLE(day=f"{found:%d/%m}/{found.year:04}").refusal()
