"""The one reader of dates: day/month/year with four digits of the year, or year-month-day.

A two-digit year is refused, for a reader that fills in the century is wrong without a word; so is month/day/year.
"""

import re
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.core.days import last_today

EARLIEST = date(2000, 1, 1)  # before the programme began
AHEAD = timedelta(days=366)  # how far an announced day may lie in the future
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SHORT_YEAR = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{1,3}")


def day(text: str) -> date:
    """Return the day that a cell names. Raises `ValidationError` with what to write instead."""
    shown = text[:60]
    if match := _DATE.fullmatch(text):
        day_, month, year = map(int, match.groups())
        _refuse_month_first(shown, day_, month)
    elif match := _ISO_DATE.fullmatch(text):
        year, month, day_ = map(int, match.groups())
    elif _SHORT_YEAR.fullmatch(text):
        raise ValidationError(
            _("“%(value)s” needs the year in four digits. Write a date as day/month/year, such as 27/03/2016."),
            params={"value": shown},
        )
    else:
        raise ValidationError(
            _("“%(value)s” is no date. Write a date as day/month/year, such as 27/03/2016."), params={"value": shown}
        )
    try:
        return date(year, month, day_)
    except ValueError:
        raise ValidationError(
            _("“%s” is no day of the calendar. Write dates as dd/mm/yyyy, such as 27/03/2016.") % shown, "no_day"
        ) from None


def _refuse_month_first(shown: str, day_: int, month: int) -> None:
    if month > 12 >= day_:
        raise ValidationError(
            _("“%s” has no month %s: dates are dd/mm/yyyy. Is the file in month/day/year order?") % (shown, month),
            "month_first",
        )


def past_day(text: str, latest: date) -> date:
    """Return the day that a cell names, which is at most `latest`. Raises `ValidationError`."""
    found = day(text)
    if not EARLIEST <= found <= latest:
        raise ValidationError(
            _("“%s” is before 2000 or in the future. Write dates as dd/mm/yyyy, such as 27/03/2016.") % text[:60],
            "not_past",
        )
    return found


def refuse_implausible(found: date) -> None:
    """Raise `ValidationError` for a day before the programme began, or more than a year ahead."""
    if not EARLIEST <= found <= last_today() + AHEAD:
        raise ValidationError(
            _("%(day)s is before 2000 or more than a year ahead. Check the year."),
            params={"day": f"{found:%d/%m}/{found.year:04}"},
        )
