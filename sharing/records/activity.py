"""The page "Activity": who-saw-what by day and reader.

It answers which brand read what. So it lists what brands read; the factory's own clicks and previews are behind a
switch. So are the reads of the programme's staff: the factory may see each view and download of its data, theirs too,
once it may know of the assessment (R47, in `visible_to`).

A page is made of whole days, so that its numbers are those of the day. It reads a limited number of records in the
order of an index. If a single day has more, the page is that day: the database counts its records, and the newest ones
are listed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import groupby, pairwise
from typing import NamedTuple

from django.db.models import Count, Max, Min, Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.days import Place, day_of, end_of, start_of, today
from portal.core.listing import joined
from portal.core.pages import Page, read_cursor, rows_after, write_cursor
from sharing.copies.formats import Format
from sharing.models import AccessRecord, Scope
from sharing.records.models import OWN, STAFF, AccessRecordQuerySet
from sharing.scopes import RULES

RECORDS_READ = 200
ROWS_SHOWN = 25
WEEKS_SHOWN = 12
NAMES_SHOWN = 2
WEEK = timedelta(days=7)
BY_DAY = ("-activity_day",)  # the order of cursors: the key is a day of the factory


class Side(NamedTuple):
    """For whom somebody read: a brand, or the factory itself, or the programme's staff."""

    brand_id: int | None
    brand: str
    is_own: bool

    @property
    def as_asked(self) -> str:
        """The value of the filter `brand` that asks for it."""
        return str(self.brand_id or (OWN if self.is_own else STAFF))


class Reads(NamedTuple):
    """Reads of the same data, in the same way, by one person for one side: how many, the first and the last one."""

    side: Side
    person_id: int
    person: str
    scope: str
    cycle: int
    action: str
    copy_format: str
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class ActivityRow:
    """What one side read on a day. `records`: its newest ones; all of them, unless the day has very many."""

    side: Side
    reads: list[Reads]
    records: list[AccessRecord]

    @property
    def first(self) -> datetime:
        """The moment of the first read."""
        return min(one.first for one in self.reads)

    @property
    def last(self) -> datetime:
        """The moment of the last read."""
        return max(one.last for one in self.reads)

    @property
    def is_at_once(self) -> bool:
        """Whether the first and the last read have the same hour and minute."""
        return self.first.replace(second=0, microsecond=0) == self.last.replace(second=0, microsecond=0)

    @property
    def times(self) -> int:
        """The number of reads."""
        return sum(one.times for one in self.reads)

    @property
    def unlisted(self) -> int:
        """The number of reads that are not among `records`."""
        return self.times - len(self.records)

    @property
    def people(self) -> list[str]:
        """The names of the first readers, the latest first."""
        return list(self._people().values())[:NAMES_SHOWN]

    @property
    def more_people(self) -> int:
        """The number of the other readers."""
        return max(0, len(self._people()) - NAMES_SHOWN)

    @property
    def in_words(self) -> list[str]:
        """What was read and how, the latest cycle first: "Report of cycle 4: opened 3 times, downloaded once (PDF)"."""
        alike: dict[tuple[int, str], list[str]] = defaultdict(list)
        scopes = list(RULES)
        ordered = sorted(self.reads, key=lambda one: (-one.cycle, scopes.index(one.scope)))
        for (cycle, scope), reads in groupby(ordered, lambda one: (one.cycle, one.scope)):
            alike[cycle, _how(list(reads))].append(str(RULES[scope].mark or Scope(scope).label))
        return [_in_words(data, cycle, how) for (cycle, how), data in alike.items()]

    def _people(self) -> dict[int, str]:
        return {one.person_id: one.person for one in sorted(self.reads, key=lambda one: one.last, reverse=True)}


@dataclass(frozen=True)
class ActivityDay:
    """A day at the factory: a row for each side that read something, the latest reader first."""

    day: date
    rows: list[ActivityRow]


def activity_page(seen: AccessRecordQuerySet, place: Place, cursor: str) -> Page[ActivityDay]:
    """Return a page of days with reads, the latest first; `seen` has `is_own`. Raises `BadCursor`."""
    backwards, key = read_cursor(cursor, BY_DAY)
    start = date.fromisoformat(str(key[0])) if key else None
    order = [name.removeprefix("-") for name in AccessRecord.ORDER] if backwards else AccessRecord.ORDER
    found = list(rows_after(_beyond(seen, start, place, backwards), order, None, RECORDS_READ + 1))
    by_day = {day: list(rows) for day, rows in groupby(found, lambda record: day_of(record.at, place))}
    more = len(found) > RECORDS_READ
    if more and len(by_day) == 1:
        [day] = by_day
        days = [_busy_day(seen, day, place)]
        more = _beyond(seen, day, place, backwards).exists()
    else:
        if more:
            by_day.popitem()  # it may have records that were not read
        days = list(_that_fit(_activity_day(day, rows) for day, rows in by_day.items()))
        more = more or len(days) < len(by_day)
    return _page(days, backwards=backwards, more=more, is_first=start is None)


def _beyond(seen: AccessRecordQuerySet, day: date | None, place: Place, backwards: bool) -> AccessRecordQuerySet:
    """Return the records before a day, or after it if `backwards`; all if there is no day."""
    if day is None:
        return seen
    return seen.filter(at__gte=end_of(day, place)) if backwards else seen.filter(at__lt=start_of(day, place))


def _page(days: list[ActivityDay], *, backwards: bool, more: bool, is_first: bool) -> Page[ActivityDay]:
    days = days[::-1] if backwards else days
    has_next, has_previous = (True, more) if backwards else (more, not is_first)
    return Page(
        days,
        write_cursor([days[-1].day], BY_DAY, "next") if days and has_next else "",
        write_cursor([days[0].day], BY_DAY, "previous") if days and has_previous else "",
    )


def _that_fit(days: Iterable[ActivityDay]) -> Iterator[ActivityDay]:
    """Yield the days whose rows together fit on a page; the first one in any case."""
    rows = 0
    for number, day in enumerate(days):
        rows += len(day.rows)
        if number and rows > ROWS_SHOWN:
            return
        yield day


def _activity_day(day: date, records: list[AccessRecord]) -> ActivityDay:
    return _of_day(day, map(_reads_of, records), records)


def _busy_day(seen: AccessRecordQuerySet, day: date, place: Place) -> ActivityDay:
    """Return a day that has more records than a page reads: counted by the database, with the newest ones."""
    rows = seen.filter(at__gte=start_of(day, place), at__lt=end_of(day, place))
    side = ("brand_id", "brand__name", "is_own")
    data = ("person_id", "person__name", "scope", "cycle", "action", "copy_format")
    counts = rows.order_by().values(*side, *data).annotate(times=Count("pk"), first=Min("at"), last=Max("at"))
    reads = [
        Reads(Side(brand, name or "", bool(is_own) and brand is None), *rest)
        for brand, name, is_own, *rest in counts.values_list(*side, *data, "times", "first", "last")
    ]
    return _of_day(day, reads, list(rows.order_by(*AccessRecord.ORDER)[:RECORDS_READ]))


def _of_day(day: date, reads: Iterable[Reads], records: list[AccessRecord]) -> ActivityDay:
    by_side: dict[Side, list[Reads]] = defaultdict(list)
    for one in reads:
        by_side[one.side].append(one)
    listed: dict[Side, list[AccessRecord]] = defaultdict(list)
    for record in sorted(records, key=lambda record: (record.at, record.pk), reverse=True):
        listed[_side_of(record)].append(record)
    rows = [ActivityRow(side, of_side, listed[side]) for side, of_side in by_side.items()]
    return ActivityDay(day, sorted(rows, key=lambda row: row.last, reverse=True))


def _side_of(record: AccessRecord) -> Side:
    if record.brand is not None:
        return Side(record.brand.pk, record.brand.name, is_own=False)
    return Side(None, "", is_own=record.is_own)  # type: ignore[attr-defined]


def _reads_of(record: AccessRecord) -> Reads:
    """Return a single record as reads."""
    return Reads(
        _side_of(record),
        record.person_id,
        record.person.name,
        record.scope,
        record.cycle,
        record.action,
        record.copy_format,
        1,
        record.at,
        record.at,
    )


def _in_words(data: list[str], cycle: int, how: str) -> str:
    both = reduce(lambda one, other: _("%(one)s and %(other)s") % {"one": one, "other": other}, data)
    return _("%(data)s of cycle %(cycle)s: %(how)s") % {"data": both, "cycle": cycle, "how": how}


def _how(reads: list[Reads]) -> str:
    """Return in words what was done with the same data, and how often."""
    times: Counter[str] = Counter()
    for one in reads:
        times[one.action] += one.times
    formats = sorted({str(Format(one.copy_format).label) for one in reads if one.copy_format})
    done = [action for action in AccessRecord.Action.values if times[action]]
    return joined(_how_often(action, times[action], formats) for action in done)


def _how_often(action: str, times: int, formats: list[str]) -> str:
    """Return an action and how often it was done, in words; a download with the formats of its files."""
    once, often = {
        "view": (_("viewed once"), ngettext("viewed %(times)s time", "viewed %(times)s times", times)),
        "download": (_("downloaded once"), ngettext("downloaded %(times)s time", "downloaded %(times)s times", times)),
        "api": (_("read once by API"), ngettext("read %(times)s time by API", "read %(times)s times by API", times)),
        "export": (_("exported once"), ngettext("exported %(times)s time", "exported %(times)s times", times)),
    }[action]
    words = once if times == 1 else often % {"times": number_format(times, force_grouping=True)}
    return f"{words} ({joined(formats)})" if action == "download" and formats else words


def reads_by_week(seen: AccessRecordQuerySet, place: Place) -> list[tuple[date, int]]:
    """Return the first days of the last weeks, from Monday on, the current one included, with the number of records."""
    now = today(place)
    monday = now - timedelta(days=now.weekday())
    weeks = [monday - number * WEEK for number in reversed(range(WEEKS_SHOWN))]
    starts = [start_of(week, place) for week in (*weeks, monday + WEEK)]
    within = seen.filter(at__gte=starts[0], at__lt=starts[-1]).order_by()
    periods = [Q(at__gte=start, at__lt=end) for start, end in pairwise(starts)]
    counts = {f"week_{number}": Count("pk", filter=period) for number, period in enumerate(periods)}
    return list(zip(weeks, within.aggregate(**counts).values(), strict=True))
