"""The meaning of a grant's terms: which cycles it covers, when it is in force, and when it opens a report.

Each rule is here twice, side by side: for one grant in Python, and as a condition or an expression on rows in SQL.
`tests/sharing/test_terms.py` checks that the two forms give the same answers. The triggers that maintain `Visibility`
(`sharing.visibility.models`) and the function `sharing_opened_at` repeat them in plain SQL, under the same test.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.db.models import (
    BooleanField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    TextChoices,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sharing.grants.ends import End

MAX_CYCLE = 200  # the highest cycle that a table of assessments, a grant, a hold or a subscription may name
MOST_CYCLES = 30  # how many cycles a grant or a request may name one by one


class Cycles(TextChoices):
    """The cycles that a grant or a request is about: `FROM` names the first one, `ONLY` each of them."""

    ALL = "all", _("All cycles")
    FROM = "from", _("From a cycle on")
    ONLY = "only", _("Only these cycles")


class Status(StrEnum):
    """The status of a grant at a moment."""

    LIVE = "live"
    WAITING = "waiting"  # it starts later
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    ENDED = "ended"


class Misnamed(StrEnum):
    """What can be wrong with the cycles that terms name."""

    NO_CYCLE = "no_cycle"  # a number that is no cycle's
    NEEDLESS = "needless"
    NOT_ONE = "not_one"
    NONE = "none"
    TOO_MANY = "too_many"


class StatementTime(Func):
    """The moment when the statement that contains it runs, by the database's clock."""

    function = "STATEMENT_TIMESTAMP"
    arity = 0
    output_field = DateTimeField()


class CycleTerms(Protocol):
    """The cycles in the terms of a grant, a request or a `RequestedTerms`."""

    @property
    def cycles(self) -> str:
        """One of `Cycles`."""

    @property
    def cycle_numbers(self) -> Sequence[int]:
        """The cycles that are named, in order: the first one, or each one; none for all."""


class Terms(CycleTerms, Protocol):
    """The terms of a grant: cycles and times."""

    @property
    def valid_from(self) -> datetime:
        """The moment from which it was given."""

    @property
    def expires_at(self) -> datetime | None:
        """The end of its period; None: it has none."""

    @property
    def hold_days(self) -> int:
        """The number of days for which each new report is held."""

    @property
    def needs_confirmation(self) -> bool:
        """Whether a second person has to confirm it."""

    @property
    def confirmed_at(self) -> datetime | None:
        """The moment when a second person confirmed it."""

    @property
    def ended_at(self) -> datetime | None:
        """The moment when somebody ended it."""


def in_order(numbers: Iterable[int]) -> list[int]:
    """Return cycles as terms name them: each once, the earliest first."""
    return sorted(set(numbers))


def how_many_named(cycles: str) -> range:
    """Return how many cycles terms of this kind (one of `Cycles`) may name."""
    return {Cycles.ALL: range(1), Cycles.FROM: range(1, 2), Cycles.ONLY: range(1, MOST_CYCLES + 1)}[Cycles(cycles)]


def well_named() -> Q:
    """Return the condition, for the tables' constraints, that terms name as many cycles as they may, in order."""
    counts = Q()
    for choice in Cycles:
        allowed = how_many_named(choice)
        counts |= Q(cycles=choice.value, cycle_numbers__len__range=(min(allowed), max(allowed)))
    return counts & Q(Func("cycle_numbers", function="sharing_in_order", output_field=BooleanField()))


def misnamed(cycles: str, numbers: Collection[int]) -> Misnamed | None:
    """Return what is wrong with the cycles that terms name; None where nothing is, or `cycles` is none of `Cycles`."""
    if not all(1 <= number <= MAX_CYCLE for number in numbers):
        return Misnamed.NO_CYCLE
    if cycles not in Cycles.values or len(numbers) in how_many_named(cycles):
        return None
    if cycles == Cycles.ALL:
        return Misnamed.NEEDLESS
    if cycles == Cycles.FROM:
        return Misnamed.NOT_ONE
    return Misnamed.TOO_MANY if numbers else Misnamed.NONE


def misnamed_in_words(wrong: Misnamed) -> str:
    """Return what to do where cycles are named by their numbers."""
    words = {
        Misnamed.NO_CYCLE: gettext("Enter cycle numbers from 1 to %(last)s, such as 4, 2."),
        Misnamed.NEEDLESS: gettext("Leave the cycle numbers empty: “all cycles” needs none."),
        Misnamed.NOT_ONE: gettext("Enter one cycle number: the first cycle."),
        Misnamed.NONE: gettext("Enter at least one cycle number."),
        Misnamed.TOO_MANY: gettext("Enter up to %(most)s cycle numbers."),
    }
    return words[wrong] % {"last": MAX_CYCLE, "most": MOST_CYCLES}


def covers(grant: CycleTerms, cycle: int) -> bool:
    """Return whether a grant is about this cycle."""
    if grant.cycles == Cycles.FROM:
        return any(first <= cycle for first in grant.cycle_numbers)
    return grant.cycles == Cycles.ALL or cycle in grant.cycle_numbers


def covering(cycle: object) -> Q:
    """Return the condition that a grant is about `cycle`, a number or an expression."""
    return (
        Q(cycles=Cycles.ALL)
        | Q(cycles=Cycles.FROM, cycle_numbers__0__lte=cycle)
        | Q(cycles=Cycles.ONLY, cycle_numbers__contains=[cycle])
    )


def covers_all_of(grant: CycleTerms, other: CycleTerms) -> bool:
    """Return whether a grant is about every cycle that other terms are about, including future ones."""
    if grant.cycles == Cycles.ALL:
        return True
    if other.cycles == Cycles.ALL or not other.cycle_numbers:
        return False
    # Without an end, only terms without an end cover it; otherwise each cycle that it names has to be covered.
    if other.cycles == Cycles.FROM and grant.cycles != Cycles.FROM:
        return False
    return all(covers(grant, cycle) for cycle in other.cycle_numbers)


def is_confirmed(grant: Terms, at: datetime | None = None) -> bool:
    """Return whether the brand has it (at a moment: had it): a second person has confirmed it, if one must."""
    if not grant.needs_confirmation:
        return True
    return grant.confirmed_at is not None and (at is None or grant.confirmed_at <= at)


def confirmed(at: object = None) -> Q:
    """Return the condition that the brand has a grant, or had it at a moment."""
    moment = Q(confirmed_at__isnull=False) if at is None else Q(confirmed_at__lte=at)
    return Q(needs_confirmation=False) | moment


def known_to_brand(at: object = None) -> Q:
    """Return the condition that the brand may know of a grant: it has it, or had it (at a moment), and nobody undid it.

    Only what the brand has neither read nor been notified of can be undone (`sharing.grants.undo`).
    """
    return confirmed(at) & ~Q(end_code=End.UNDONE)


def starts_at(grant: Terms) -> datetime:
    """Return the moment from which a given grant is in force."""
    return max(grant.valid_from, grant.confirmed_at or grant.valid_from)


def is_in_force(grant: Terms, at: datetime) -> bool:
    """Return whether a grant was given, begun, not expired and not ended at a moment; its last moment is outside."""
    over = min((end for end in (grant.ended_at, grant.expires_at) if end), default=None)
    return is_confirmed(grant, at) and starts_at(grant) <= at and (over is None or at < over)


def status(grant: Terms, at: datetime) -> Status:
    """Return the status of a grant at a moment: an end comes first, then what keeps it from beginning."""
    if grant.ended_at is not None:
        return Status.ENDED
    if grant.expires_at is not None and grant.expires_at <= at:
        return Status.EXPIRED
    if not is_confirmed(grant):
        return Status.UNCONFIRMED
    return Status.WAITING if grant.valid_from > at else Status.LIVE


def in_force(at: datetime | None) -> Q:
    """Return the condition that a grant is in force at a moment; None: when the statement runs."""
    moment = at or StatementTime()
    ended = Q(ended_at=None) if at is None else Q(ended_at=None) | Q(ended_at__gt=at)
    return Q(Q(expires_at=None) | Q(expires_at__gt=moment), ended, confirmed(moment), valid_from__lte=moment)


def opens_at(grant: Terms, first_published_at: datetime) -> datetime:
    """Return when a given grant opens a report first published at that moment, if nothing else prevents it."""
    return max(starts_at(grant), first_published_at + timedelta(days=grant.hold_days))


def opening(first_published_at: datetime | Combinable | None) -> Greatest:
    """Return the same moment as an expression on grants; `first_published_at` is a moment or an expression."""
    wait = ExpressionWrapper(F("hold_days") * Value(timedelta(days=1)), output_field=DurationField())
    held_until = ExpressionWrapper(wait + first_published_at, output_field=DateTimeField())
    return Greatest("valid_from", "confirmed_at", held_until)  # PostgreSQL's GREATEST ignores NULL
