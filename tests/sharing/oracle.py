"""Who may read what, in plain Python over a list of facts: what the portal's answers are held against."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from assessments.models import Assessment
from sharing.models import SharingGrant


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
    number: int | None
    starts: datetime
    expires: datetime | None
    hold: int
    confirmed: datetime | None  # when the second person did; the grant's start where nobody needs to
    ended: datetime | None = None

    def opens(self, assessment: Assessment, at: datetime) -> bool:
        """Whether this grant opens that assessment at that moment, whatever else stands in the way."""
        number, published = self.number or 0, assessment.published_at
        covered = {"all": True, "from": assessment.cycle >= number, "only": assessment.cycle == number}[self.cycles]
        confirmed = self.confirmed is not None and self.confirmed <= at
        in_force = Period(self.starts, self.expires).holds(at) and (self.ended is None or at < self.ended)
        return covered and confirmed and in_force and published is not None and published + self.wait <= at

    @property
    def wait(self) -> timedelta:
        """How long each new report waits."""
        return timedelta(days=self.hold)


@dataclass
class Oracle:
    """One factory's consent, and what became of its assessments."""

    facts: list[Fact] = field(default_factory=list)
    kept_back: dict[tuple[str, int], list[Period]] = field(default_factory=dict)
    active: dict[str, list[Period]] = field(default_factory=dict)

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

    def is_kept_back(self, brand: str, cycle: int, at: datetime) -> bool:
        """Whether the factory kept that cycle's report back from the brand."""
        return any(period.holds(at) for period in self.kept_back.get((brand, cycle), []))

    def opens(self, brand: str, scope: str, assessment: Assessment, at: datetime) -> bool:
        """Whether the brand could read that scope of that assessment at that moment."""
        return (
            was_out(assessment, at)
            and self.is_active(brand, at)
            and not self.is_kept_back(brand, assessment.cycle, at)
            and any(one.opens(assessment, at) for one in self.facts if (one.brand, one.scope) == (brand, scope))
        )

    def readable(self, brand: str, scope: str, assessments: Any, at: datetime) -> set[Any]:
        """The keys of the assessments that the brand could read."""
        return {one.pk for one in assessments if self.opens(brand, scope, one, at)}


def was_out(assessment: Assessment, at: datetime) -> bool:
    """Whether a report was published and not withdrawn at that moment; replaced ones stay readable."""
    if assessment.published_at is None or assessment.published_at > at:
        return False
    return assessment.withdrawn_at is None or at < assessment.withdrawn_at
