"""The meaning of a grant's terms: which cycles it covers, when it is in force, and when it opens a report.

Each rule is here twice, side by side: for one grant in Python, and as a condition or an expression on rows in SQL.
`tests/sharing/test_terms.py` checks that the two forms give the same answers. The triggers that maintain `Visibility`
(`sharing.visibility.models`) and the function `sharing_opened_at` repeat them in plain SQL, under the same test.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Func, Q, TextChoices, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from sharing.grants.ends import End

MAX_CYCLE = 200  # the highest cycle that a table of assessments, a grant, a hold or a subscription may name


class Cycles(TextChoices):
    """The cycles that a grant or a request is about; all but `ALL` name one."""

    ALL = "all", _("All cycles")
    FROM = "from", _("From a cycle on")
    ONLY = "only", _("One cycle only")


class Status(StrEnum):
    """The status of a grant at a moment."""

    LIVE = "live"
    WAITING = "waiting"  # it starts later
    UNCONFIRMED = "unconfirmed"
    EXPIRED = "expired"
    ENDED = "ended"


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
    def cycle_number(self) -> int | None:
        """The first cycle, or the only one; None for all."""


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


def covers(grant: CycleTerms, cycle: int) -> bool:
    """Return whether a grant is about this cycle."""
    number = grant.cycle_number or 0
    return grant.cycles == Cycles.ALL or (cycle >= number if grant.cycles == Cycles.FROM else cycle == number)


def covering(cycle: object) -> Q:
    """Return the condition that a grant is about `cycle`, a number or an expression."""
    return (
        Q(cycles=Cycles.ALL)
        | Q(cycles=Cycles.FROM, cycle_number__lte=cycle)
        | Q(cycles=Cycles.ONLY, cycle_number=cycle)
    )


def covers_all_of(grant: CycleTerms, other: CycleTerms) -> bool:
    """Return whether a grant is about every cycle that other terms are about, including future ones."""
    if grant.cycles == Cycles.ALL:
        return True
    if other.cycles == Cycles.ALL or other.cycle_number is None:
        return False
    # Without an end, only terms without an end cover it; otherwise the first cycle decides.
    is_endless = other.cycles == Cycles.FROM
    return covers(grant, other.cycle_number) and (grant.cycles == Cycles.FROM or not is_endless)


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
