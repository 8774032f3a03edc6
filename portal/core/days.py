"""Days of a place (R54): "today", "until 1 December" and deadlines are days where the factory is.

What is stored is a moment, in UTC. A day becomes a moment, and a moment a day, in this module alone; a test of
`tests/test_architecture.py` looks for other ways. A place is any object with a `zone`: a factory, which may have its
own, or a country programme. The zones and their rules are those of the locked package `tzdata`, never the machine's.

What belongs to no factory (the ledger, an account, a token) has days in UTC: the place `UTC_DAYS`.
"""

import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from typing import Protocol, TypeVar, runtime_checkable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format, get_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

zoneinfo.reset_tzpath(to=())  # so that only the locked package answers

T = TypeVar("T")
SHORTEST = timedelta(microseconds=1)
# Countries whose list of zones does not begin with the zone in which most of the country lives.
MAIN_ZONES = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "UA": "Europe/Kyiv",
    "UZ": "Asia/Tashkent",
}


@runtime_checkable
class Place(Protocol):
    """Something that has a time zone."""

    @property
    def zone(self) -> tzinfo:
        """The time zone."""


@dataclass(frozen=True)
class Zone:
    """A time zone as a place."""

    zone: tzinfo


UTC_DAYS = Zone(UTC)
FIRST_DAYS, LAST_DAYS = Zone(timezone.get_fixed_timezone(14 * 60)), Zone(timezone.get_fixed_timezone(-12 * 60))


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Return the names of the time zones by country code, as the database lists them."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8").splitlines():
        if row and not row.startswith("#"):
            country, _coordinates, name = row.split("\t")[:3]
            found[country].append(name)
    return {country: tuple(names) for country, names in found.items()}


def zones_of_country(country: str) -> tuple[str, ...]:
    """Return the names of a country's time zones, the main one first; UTC where none is known."""
    names = _zones().get(country, ("UTC",))
    main = MAIN_ZONES.get(country, names[0])
    return (main, *(name for name in names if name != main))


def zone_of_country(country: str) -> str:
    """Return the name of a country's main time zone, by its two-letter code."""
    return zones_of_country(country)[0]


@cache  # Python itself keeps eight of them
def zone_named(name: str) -> tzinfo:
    """Return a time zone by its name. Raises `zoneinfo.ZoneInfoNotFoundError`."""
    return zoneinfo.ZoneInfo(name)


def day_of(moment: datetime, place: Place) -> date:
    """Return the day on which a moment falls at a place."""
    return at_place(moment, place).date()


def today(place: Place) -> date:
    """Return the day that it is at a place."""
    return day_of(timezone.now(), place)


def last_today() -> date:
    """Return the latest day that it is anywhere: a later one is in the future at every place."""
    return today(FIRST_DAYS)


def moment_at(day: date, at: time, place: Place) -> datetime:
    """Return the moment in UTC of a time of day at a place. A time that occurs twice is the first of the two.

    A moment outside the calendar is the calendar's first or last one.
    """
    try:
        return datetime.combine(day, at, tzinfo=place.zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time.min if day.year == date.min.year else time.max, tzinfo=UTC)


def by_clock(shown: datetime, place: Place) -> datetime:
    """Return the moment in UTC at which the clocks of a place show a day and time that have no offset."""
    return moment_at(shown.date(), shown.time(), place)


def start_of(day: date, place: Place) -> datetime:
    """Return the first moment of a day at a place, in UTC. Where clocks skip midnight it is the moment they do."""
    return moment_at(day, time.min, place)


def end_of(day: date, place: Place) -> datetime:
    """Return the first moment after a day at a place, in UTC: access that ends then still holds all that day."""
    return start_of(day + timedelta(days=1), place)


def is_start_of_day(moment: datetime, place: Place) -> bool:
    """Return whether a moment is the first one of a day at a place: an end there is the end of the day before."""
    return start_of(day_of(moment, place), place) == moment


def last_day(end: datetime | None, place: Place) -> date | None:
    """Return the last whole or partial day at a place before an end; None where there is no end."""
    return None if end is None else day_of(end - SHORTEST, place)


def days_from_now(days: int, place: Place) -> date:
    """Return the day so many days after today at a place."""
    return today(place) + timedelta(days=days)


def days_since(moment: datetime, place: Place) -> int:
    """Return how many days ago by the calendar of a place a moment was: 0 is today."""
    return (today(place) - day_of(moment, place)).days


def days_left_in_words(last: date, place: Place) -> str:
    """Return how many days are left at a place until a last day, in words; that day itself is today."""
    left = (last - today(place)).days
    if left < 0:
        return _("Overdue")
    return ngettext("%(count)s day left", "%(count)s days left", left) % {"count": left} if left else _("Today")


def written(value: date, style: str = "DATE_FORMAT") -> str:
    """Return a date, or a moment, in a `style` of the language's formats; the first of a month is "1er" in French.

    No letter of Django's formats writes this: `S` is the English ending in every language.
    """
    text = date_format(value, get_format(style).replace("T", _as_format(_zone(value))))
    return f"1er{text[1:]}" if text.startswith("1 ") and get_language() == "fr" else text


def _zone(value: date) -> str:
    """Return the zone of a moment as its difference from UTC, because CST is a zone of two continents."""
    offset = f"{value:%z}"
    return offset.removesuffix("00") if offset.strip("+-0") or not offset else "UTC"


def _as_format(text: str) -> str:
    return "".join(f"\\{letter}" for letter in text)


def in_words(moment: datetime | None, place: Place) -> str:
    """Return the day of a moment at a place as readers of the language write it; empty for None."""
    return written(day_of(moment, place)) if moment else ""


def last_day_in_words(end: datetime | None, place: Place) -> str:
    """Return the last day before an end as readers of the language write it; empty where there is no end.

    Every page, mail and list names an end in this form, and so does the form where one is chosen.
    """
    return in_words(end - SHORTEST, place) if end else ""


def exact_end_in_words(end: datetime | None, place: Place) -> str:
    """Return the same for a record of what was or is open at a moment: where the end came during a day, the moment."""
    if end is None or is_start_of_day(end, place):
        return last_day_in_words(end, place)
    return moment_in_words(end, place)


def at_place(moment: datetime, place: Place) -> datetime:
    """Return a moment with the offset of a place."""
    return moment.astimezone(place.zone)


def moment_in_words(moment: datetime, place: Place) -> str:
    """Return a moment at a place with its day, time and zone, as readers of the language write it."""
    return written(at_place(moment, place), "DATETIME_FORMAT")


def zone_in_words(place: Place) -> str:
    """Return the zone of a place with its difference from UTC now, such as "Asia/Jayapura (UTC+09:00)"."""
    offset = f"{timezone.now().astimezone(place.zone):%z}"
    name = str(place.zone)
    return name if name == "UTC" else f"{name.replace('_', ' ')} (UTC{offset[:3]}:{offset[3:5]})"


def by_start(names: Iterable[str], day: date) -> dict[datetime, list[str]]:
    """Return the moments at which a day starts in these zones, each with the zones in which it does."""
    return _grouped(names, lambda place: start_of(day, place))


def by_today(names: Iterable[str]) -> dict[date, list[str]]:
    """Return the days that it is now in these zones, at most three, each with the zones in which it is."""
    return _grouped(names, today)


def _grouped(names: Iterable[str], what: Callable[[Place], T]) -> dict[T, list[str]]:
    found: dict[T, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        found[what(Zone(zone_named(name)))].append(name)
    return found


def show_days_of(place: Place) -> None:
    """Show days and times on the rest of this page as those of a place, and name it at the page's foot."""
    timezone.activate(place.zone)


def show_days_of_each() -> None:
    """Show days and times on the rest of this page as those of each row's own place, and say so at the page's foot."""
    timezone.deactivate()


def shown_in(place: Place) -> AbstractContextManager[None]:
    """Show days and times inside the block as those of a place."""
    return timezone.override(place.zone)


def shown_place() -> Zone:
    """Return the place whose days are shown now: UTC unless a page or document chose one."""
    return Zone(timezone.get_current_timezone())


def is_place_chosen() -> bool:
    """Return whether a page or document chose the place whose days it shows."""
    return timezone.get_current_timezone() != timezone.get_default_timezone()


class EachPageItsPlace:
    """Middleware that resets the place, so that no page shows the days of an earlier page's place on this thread."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(None):
            return self.get_response(request)
