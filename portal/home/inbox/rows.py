"""The inbox of a factory: what waits, as one row for each brand or report, in the order of its days.

A `Thing` is one fact that waits: a request, an end of access, a report that opens. Things about the same brand, report
or matter of the factory that are for the same side (the reader, others, nobody) are one `Row`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.core.paginator import Page, Paginator
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy, ngettext

from factories.models import Factory
from portal.core.days import days_from_now, days_left_in_words, start_of, today

THIS_WEEK = timedelta(days=7)
SNOOZE_DAYS = 3
NEWS = timedelta(days=30)  # for which news is listed; acknowledged, it is put aside for as long
ROWS_SHOWN = 20  # of one group
ROWS_ON_A_PAGE = 50  # of a group that is shown alone


class Whose(StrEnum):
    """Who can do what waits."""

    READER = "reader"
    OTHERS = "others"
    NOBODY = "nobody"  # it is news


class Group(TextChoices):
    """The groups of an inbox, in their order."""

    FIRST = "first", gettext_lazy("Do this first")
    DUE = "due", gettext_lazy("Due this week")
    LATER = "later", gettext_lazy("Other tasks")
    OTHERS = "others", gettext_lazy("Waiting for others")
    NEWS = "news", gettext_lazy("News")


class Kind(StrEnum):
    """The kinds of things in an inbox."""

    REQUEST = "request"
    ENDING = "ending"
    OPENING = "opening"
    CONFIRMATION = "confirmation"
    REVIEW = "review"
    CORRECTION = "correction"
    COPIES = "copies"
    ENDED = "ended"
    PUBLISHED = "published"
    HANDOVER = "handover"
    WAIVER = "waiver"
    MANAGERS = "managers"
    PROFILE = "profile"


@dataclass(frozen=True)
class Thing:
    """One fact that waits. `about` says which row it belongs to; `key` names it among those of its kind.

    `due`: the last day at the factory to do it, or the day on which it happens. `since`: of news, when it happened.
    `who`: who does it, where the reader may not. `whole_url`: the page of the brand or report, for a row of several
    things. `hold`: a brand and the cycle of a report that the reader can hold for it in one step. `is_first`: it comes
    before anything else, and does not wait.
    """

    kind: Kind
    key: str
    about: str
    title: str
    words: str
    url: str
    whose: Whose = Whose.READER
    due: date | None = None
    since: datetime | None = None
    who: str = ""
    whole_url: str = ""
    hold: tuple[int, int] | None = None
    is_first: bool = False

    @property
    def name(self) -> tuple[str, str]:
        """Its name among what people put aside."""
        return (self.kind.value, self.key)

    @property
    def id(self) -> str:
        """Its name in a form, without blanks."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class Row:
    """One row: things about one brand, report or matter of the factory. `until`: the moment until when it is aside."""

    factory: Factory
    things: Sequence[Thing]
    until: datetime | None = None

    @property
    def id(self) -> str:
        """Its name in a form."""
        return f"{self.whose}-{self.things[0].about}"

    @property
    def whose(self) -> Whose:
        """Who can do it."""
        return self.things[0].whose

    @property
    def title(self) -> str:
        """The brand or the report."""
        return self.things[0].title

    @property
    def parts(self) -> list[str]:
        """What waits, each once: access to two kinds of data that ends on one day is said once."""
        return list(dict.fromkeys(one.words for one in self.things))

    @property
    def words(self) -> str:
        """What waits, in words; the number of things first, where there are several."""
        parts = self.parts
        who = dict.fromkeys(one.who for one in self.things if one.who)
        if len(parts) > 1 and self.whose is not Whose.NOBODY:
            count = ngettext("%(count)s thing", "%(count)s things", len(parts)) % {"count": len(parts)}
            parts = [count, *parts]
        return " · ".join([*parts, *who])

    @property
    def url(self) -> str:
        """The page where it is done; of several things, that of the brand or report."""
        urls = {one.url for one in self.things}
        return self.things[0].url if len(urls) == 1 else self.things[0].whole_url or self.things[0].url

    @property
    def due(self) -> date | None:
        """The earliest day."""
        return min((one.due for one in self.things if one.due is not None), default=None)

    @property
    def since(self) -> datetime | None:
        """The moment of the latest news in it."""
        return max((one.since for one in self.things if one.since is not None), default=None)

    @property
    def left(self) -> str:
        """How many days are left, in words; empty without a day."""
        return days_left_in_words(self.due, self.factory) if self.due else ""

    @property
    def hold(self) -> tuple[int, int] | None:
        """The brand and the cycle of the report that the reader can hold here; None for a row of several things."""
        return self.things[0].hold if len(self.things) == 1 else None

    @property
    def group(self) -> Group:
        """The group that it is listed in."""
        if self.whose is not Whose.READER:
            return Group.OTHERS if self.whose is Whose.OTHERS else Group.NEWS
        if self.is_first:
            return Group.FIRST
        is_near = self.due is not None and self.due <= today(self.factory) + THIS_WEEK
        return Group.DUE if is_near else Group.LATER

    @property
    def is_first(self) -> bool:
        """Whether it comes before anything else."""
        return any(one.is_first for one in self.things)

    @property
    def may_wait(self) -> bool:
        """Whether it can be put aside: not where its day would come before the reminder, or with it."""
        return not self.is_first and (self.due is None or self.due > days_from_now(SNOOZE_DAYS, self.factory))

    @property
    def names(self) -> set[tuple[str, str]]:
        """The names of its things."""
        return {one.name for one in self.things}

    @property
    def ids(self) -> str:
        """The names of its things in a form: a page posts them, so that only what it showed is acknowledged."""
        return " ".join(one.id for one in self.things)


def reminder_of(factory: Factory) -> datetime:
    """Return when what is put aside now comes back: the start of a day at the factory."""
    return start_of(days_from_now(SNOOZE_DAYS, factory), factory)


def end_of_news(factory: Factory) -> datetime:
    """Return until when acknowledged news is put aside: by then it is no longer listed."""
    return start_of(days_from_now(NEWS.days + 1, factory), factory)


@dataclass(frozen=True)
class Inbox:
    """The rows of one factory for one reader. `aside`: what the reader put aside, and until when.

    `page`: where one group is shown alone, a page of its rows.
    """

    factory: Factory
    rows: list[Row]
    aside: list[Row] = field(default_factory=list)
    page: "Page[Row] | None" = None

    @property
    def groups(self) -> list[tuple[Group, list[Row], int]]:
        """The groups that have rows, each with the first of them and the number of the others."""
        shown = ROWS_SHOWN if self.page is None else ROWS_ON_A_PAGE
        found: dict[Group, list[Row]] = {group: [] for group in Group}
        for row in self.rows if self.page is None else self.page.object_list:
            found[row.group].append(row)
        return [(group, rows[:shown], max(len(rows) - shown, 0)) for group, rows in found.items() if rows]

    def alone(self, group: Group, number: str) -> "Inbox":
        """Return this inbox with one group alone, on its page with this number: the nearest, if there is none."""
        rows = [row for row in self.rows if row.group == group]
        return replace(self, aside=[], page=Paginator(rows, ROWS_ON_A_PAGE).get_page(number))

    @property
    def news(self) -> list[Row]:
        """The rows with nothing to do."""
        return [row for row in self.rows if row.whose is Whose.NOBODY]

    def row(self, name: str) -> Row | None:
        """Return the row with a name from a form, also one that is aside; None if it is gone."""
        return next((row for row in [*self.rows, *self.aside] if row.id == name), None)


def inbox_of(factory: Factory, things: Iterable[Thing], snoozed: Mapping[tuple[str, str], datetime]) -> Inbox:
    """Return the rows of these things, the first day first and the latest news first.

    What is `snoozed` is aside; acknowledged news is left out.
    """
    shown: list[Thing] = []
    aside: list[Thing] = []
    for thing in things:
        if thing.name not in snoozed:
            shown.append(thing)
        elif thing.whose is not Whose.NOBODY:
            aside.append(thing)
    put_aside = [Row(factory, row, max(snoozed[one.name] for one in row)) for row in _by_row(aside)]
    return Inbox(factory, _in_order(Row(factory, row) for row in _by_row(shown)), _in_order(put_aside))


def _by_row(things: Iterable[Thing]) -> list[list[Thing]]:
    found: dict[tuple[Whose, str], list[Thing]] = {}
    for thing in sorted(things, key=lambda one: one.due or date.max):
        found.setdefault((thing.whose, thing.about), []).append(thing)
    return list(found.values())


def _in_order(rows: Iterable[Row]) -> list[Row]:
    def order(row: Row) -> tuple[date, float, str]:
        return (row.due or date.max, -row.since.timestamp() if row.since else 0, row.title)

    return sorted(rows, key=order)
