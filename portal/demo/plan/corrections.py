"""Who in the demo had read a report that was replaced, and whether they acknowledged it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.demo.accounts import BRAND_A
from portal.demo.plan import dice
from portal.demo.plan.grants import GrantPlan, ReadingPlan
from portal.demo.plan.visits import VisitPlan
from sharing.terms import opens_at

# Of the brands that had read factory A's report before it was corrected three days ago, those that acknowledged it.
STORY = ("Casa Almendra",)


@dataclass(frozen=True)
class CorrectionPlan:
    """One brand that is notified that a version it read was replaced; `read_by` is one of its people who read it."""

    old: VisitPlan
    new: VisitPlan
    brand: str
    read_by: str
    at: datetime
    acknowledged_at: datetime | None = None


def corrections(
    visits: Iterable[VisitPlan], grants: Iterable[GrantPlan], readings: Iterable[ReadingPlan], now: datetime
) -> list[CorrectionPlan]:
    """Return every notice, oldest first. Brand A has not answered the last one yet."""
    own = list(grants)
    found = sorted(_told(visits, own, list(readings)), key=lambda plan: (plan.at, plan.brand))
    open_to_a = [grant for grant in own if grant.brand == BRAND_A and grant.is_live(now)]
    last = max(
        (
            n
            for n, plan in enumerate(found)
            if plan.brand == BRAND_A and any(_is_of(one, plan.old) for one in open_to_a)
        ),
        default=None,
    )
    return [
        plan if number == last else replace(plan, acknowledged_at=_taken(plan, now))
        for number, plan in enumerate(found)
    ]


def _told(
    visits: Iterable[VisitPlan], grants: list[GrantPlan], readings: list[ReadingPlan]
) -> Iterator[CorrectionPlan]:
    by_key = {visit.id: visit for visit in visits}
    for new in by_key.values():
        if new.corrects is None or new.published_at is None:
            continue
        old, at = by_key[new.corrects], new.published_at
        readers = {one.brand: one.email for one in readings if one.visit.id == old.id and one.at < at}
        for brand, email in readers.items():
            if any(_opened(grant, old, at) for grant in grants if grant.brand == brand):
                yield CorrectionPlan(old, new, brand, email, at)


def _opened(grant: GrantPlan, visit: VisitPlan, at: datetime) -> bool:
    """Return whether a grant opened a report at a moment."""
    return (
        grant.factory.bw_id == visit.factory.bw_id
        and grant.covers(visit.cycle)
        and grant.is_live(at)
        and visit.published_at is not None
        and opens_at(grant, visit.published_at) <= at
    )


def _is_of(grant: GrantPlan, visit: VisitPlan) -> bool:
    """Return whether a grant opens that report, and opened it before it was replaced."""
    return visit.superseded_at is not None and _opened(grant, visit, visit.superseded_at)


def _taken(plan: CorrectionPlan, now: datetime) -> datetime | None:
    """Return when the brand acknowledged it, if it has."""
    own = dice("took note", plan.brand, plan.old.id)
    if plan.old.factory.index == 0:
        return plan.at + timedelta(days=1) if plan.brand in STORY else None
    at = plan.at + timedelta(days=own.uniform(0.3, 14))
    return at if own.random() < 0.75 and at < now else None
