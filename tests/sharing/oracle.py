"""Who may read what, in plain Python over a list of facts: what the portal's answers are held against."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from assessments.models import Assessment
from sharing.grants.services.outcomes import Terms
from sharing.models import SharingGrant


def terms_of(drawn: dict[str, Any]) -> Terms:
    """Return drawn terms, which begin and end some days from now."""
    now = timezone.now()
    starts = now + timedelta(days=drawn["starts"]) if drawn["starts"] else None
    return Terms(
        cycles=drawn["cycles"],
        cycle_numbers={"all": [], "from": [drawn["number"]], "only": drawn["numbers"]}[drawn["cycles"]],
        valid_from=starts,
        expires_at=(starts or now) + timedelta(days=drawn["lasts"]) if drawn["lasts"] else None,
        hold_days=drawn["hold"],
    )


@dataclass
class Period:
    """From a moment on, until another one or for good; the end is not in it."""

    start: datetime
    end: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.start <= at and (self.end is None or at < self.end)


@dataclass
class Fact:
    """What is remembered of a grant."""

    grant: SharingGrant
    brand: str
    scope: str
    cycles: str
    numbers: frozenset[int]
    starts: datetime
    expires: datetime | None
    hold: int
    confirmed: datetime | None  # when the second person did; the grant's start where nobody needs to
    ended: datetime | None = None
    replaced: "Fact | None" = None  # the one that the brand had until this took its place

    def covers(self, cycle: int) -> bool:
        """Whether this grant is about that cycle."""
        return {
            "all": True,
            "from": cycle >= min(self.numbers, default=0),
            "only": cycle in self.numbers,
        }[self.cycles]

    @property
    def in_force(self) -> Period | None:
        """From when until when it was in force; None: nobody confirmed it."""
        if self.confirmed is None:
            return None
        ends = [end for end in (self.ended, self.expires) if end]
        return Period(max(self.starts, self.confirmed), min(ends, default=None))

    def opens(self, cycle: int, published: datetime, at: datetime, dropped: str = "") -> bool:
        """Whether this grant opens a report first published then at that moment, whatever else stands in the way."""
        covers = dropped == "cycles" or self.covers(cycle)
        is_confirmed = dropped == "confirmation" or self.confirmed is not None
        period = self.in_force if self.confirmed else Period(self.starts, self.ended)
        holds = dropped == "period" or (period is not None and period.holds(at))
        return covers and is_confirmed and holds and (dropped == "hold" or published + timedelta(days=self.hold) <= at)

    def chain(self, cycle: int) -> Iterator["Fact"]:
        """This grant, and those before it, as long as each covers the cycle and there is no gap between them."""
        yield self
        before, mine = self.replaced, self.in_force
        if before is not None and before.in_force is not None and mine is not None and before.covers(cycle):
            until = before.in_force.end
            if until is None or until >= mine.start:
                yield from before.chain(cycle)


# What must hold for a version to be open. The test counts how often each of them decides.
CONDITIONS = ("cycles", "period", "confirmation", "hold", "withheld", "version", "brand", "subscription")


@dataclass
class Oracle:
    """One factory's consent, and what became of its assessments."""

    facts: list[Fact] = field(default_factory=list)
    withheld: dict[tuple[str, int], list[Period]] = field(default_factory=dict)
    active: dict[str, list[Period]] = field(default_factory=dict)
    participants: frozenset[str] = frozenset()
    asked: list[Period] = field(default_factory=list)  # when the country asked participants for a subscription
    bought: dict[tuple[str, int], list[Period]] = field(default_factory=dict)
    dropped: str = ""  # of `CONDITIONS`: the one that is not asked

    def given(self, brand: str, scope: str) -> Fact | None:
        """The one grant to a brand that is not ended, for a scope."""
        return next((one for one in self._open(brand, scope) if one.confirmed), None)

    def proposed(self, brand: str, scope: str) -> Fact | None:
        """The one that waits for the second person: new, or a change of the one that is given."""
        return next((one for one in self._open(brand, scope) if not one.confirmed), None)

    def _open(self, brand: str, scope: str) -> list[Fact]:
        return [one for one in self.facts if (one.brand, one.scope) == (brand, scope) and not one.ended]

    def is_active(self, brand: str, at: datetime) -> bool:
        """Whether the brand was active."""
        return any(period.holds(at) for period in self.active[brand])

    def is_withheld(self, brand: str, cycle: int, at: datetime) -> bool:
        """Whether the factory kept that cycle's report back from the brand."""
        return any(period.holds(at) for period in self.withheld.get((brand, cycle), []))

    def opens(self, brand: str, scope: str, version: Assessment, others: Any, at: datetime) -> bool:
        """Whether the brand could read that scope of that version at that moment (R51).

        Its report was open to it, and the version was the current one, or was replaced after the report had opened.
        """
        if not was_out(version, at) or not self._is_free(brand, version.cycle, at, self.dropped):
            return False
        published, replaced = first_published(version, others), replaced_at(version, others)
        facts = [one for one in self.facts if (one.brand, one.scope) == (brand, scope)]
        for fact in (one for one in facts if one.opens(version.cycle, published, at, self.dropped)):
            opened = self._opened_at(fact, version.cycle, published) if fact.in_force else None
            if replaced is None or self.dropped == "version" or (opened is not None and opened < replaced):
                return True
        return False

    def _is_free(self, brand: str, cycle: int, at: datetime, dropped: str = "") -> bool:
        return (
            (dropped == "brand" or self.is_active(brand, at))
            and (dropped == "withheld" or not self.is_withheld(brand, cycle, at))
            and (dropped == "subscription" or self._is_paid(brand, cycle, at))
        )

    def _is_paid(self, brand: str, cycle: int, at: datetime) -> bool:
        """Whether the brand needed no subscription for the cycle, or had one (R6)."""
        if brand not in self.participants or not any(period.holds(at) for period in self.asked):
            return True
        return any(period.holds(at) for period in self.bought.get((brand, cycle), []))

    def _opened_at(self, fact: Fact, cycle: int, published: datetime) -> datetime | None:
        """The first moment at which the report was open by this grant, or by one that it replaced without a gap."""
        changes = [period.end for period in self.withheld.get((fact.brand, cycle), []) if period.end]
        changes += [period.start for period in (*self.active[fact.brand], *self.bought.get((fact.brand, cycle), []))]
        changes += [period.end for period in self.asked if period.end]
        found = []
        for one in fact.chain(cycle):
            assert one.in_force is not None
            begins = max(one.in_force.start, published + timedelta(days=one.hold))
            moments = [begins, *(moment for moment in changes if moment >= begins)]
            found += [at for at in moments if one.opens(cycle, published, at) and self._is_free(fact.brand, cycle, at)]
        return min(found, default=None)

    def readable(self, brand: str, scope: str, assessments: Any, at: datetime) -> set[Any]:
        """The keys of the assessments that the brand could read."""
        return {one.pk for one in assessments if self.opens(brand, scope, one, assessments, at)}

    def deciding(self, brand: str, scope: str, assessments: Any, at: datetime) -> Iterator[str]:
        """Yield the conditions without which the brand could read something else."""
        readable = self.readable(brand, scope, assessments, at)
        for condition in CONDITIONS:
            if replace(self, dropped=condition).readable(brand, scope, assessments, at) != readable:
                yield condition


def was_out(version: Assessment, at: datetime) -> bool:
    """Whether a version was published and not withdrawn at that moment; replaced ones stay out."""
    if version.published_at is None or version.published_at > at:
        return False
    return version.withdrawn_at is None or at < version.withdrawn_at


def _neighbour(version: Assessment, others: Any, step: int) -> Assessment | None:
    """The version before or after, if both belong to one report: nothing was withdrawn between them."""
    found = [one for one in others if one.cycle == version.cycle and one.version == version.version + step]
    if not found or found[0].published_at is None or version.published_at is None:
        return None
    earlier, later = sorted((version, found[0]), key=lambda one: one.version)
    is_one_report = earlier.withdrawn_at is None or earlier.withdrawn_at > later.published_at
    return found[0] if is_one_report else None


def first_published(version: Assessment, others: Any) -> datetime:
    """When the report of which this is a version was first published."""
    before = _neighbour(version, others, -1)
    if before is not None:
        return first_published(before, others)
    assert version.published_at is not None
    return version.published_at


def replaced_at(version: Assessment, others: Any) -> datetime | None:
    """When the next version took its place."""
    after = _neighbour(version, others, 1)
    return after.published_at if after is not None else None
