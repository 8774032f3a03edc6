"""The demo's assessments: one for each factory and cycle, in every state of the workflow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import cycle as repeat
from random import Random
from uuid import UUID

from portal.demo.plan import before, dice, moment
from portal.demo.plan.factories import FactoryPlan

# The states of the newest assessments of enrolled factories, repeated: state, and days since the end (least
# and most). Past 28 days without publication it is late (R39).
NOW: tuple[tuple[str, int, int], ...] = (
    ("published", 50, 330), ("internal_review", 3, 24), ("published", 45, 300), ("published", 60, 330),
    ("planned", -60, -5), ("published", 50, 320), ("factory_review", 14, 26), ("published", 45, 330),
    ("published", 60, 320), ("in_progress", 0, 0), ("published", 45, 330), ("internal_review", 30, 58),
    ("published", 45, 330), ("published", 60, 330), ("withdrawn", 120, 300), ("published", 50, 320),
    ("factory_review", 29, 47), ("published", 45, 330), ("planned", -45, -3), ("published", 60, 330),
    ("internal_review", 2, 20), ("published", 50, 330), ("published", 45, 300), ("in_progress", 0, 1),
)  # fmt: skip
CORRECTIONS = (
    "Question {id}: changed from non-compliant to compliant. The certificate that the factory sent during its"
    " review had been overlooked.",
    "Question {id}: the finding belonged to a neighbouring building that the factory does not use.",
    "Question {id}: the records of the right month have now been examined; the requirement is met.",
)
WITHDRAWN = (
    "The assessment was recorded for the wrong site of the company.",
    "Interview notes were lost before the quality review could be completed.",
    "The factory showed that a team member had a conflict of interest.",
)


@dataclass(frozen=True)
class VisitPlan:
    """One version of one assessment; `quest_id` is the same for its versions."""

    factory: FactoryPlan
    cycle: int
    version: int
    tool_version: int
    quest_id: str
    mode: str
    state: str
    start: date
    end: date | None
    released_at: datetime | None = None
    published_at: datetime | None = None
    first_published_at: datetime | None = None  # of the report of the cycle, where this is a correction
    superseded_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_reason: str = ""
    correction_note: str = ""

    @cached_property
    def id(self) -> UUID:
        """Its key, the same on every load."""
        return UUID(int=dice("assessment", self.quest_id, self.version).getrandbits(128), version=4)

    @property
    def corrects(self) -> UUID | None:
        """The key of the version that this one replaces."""
        return replace(self, version=self.version - 1).id if self.version > 1 else None

    @property
    def is_out(self) -> bool:
        """True when brands that hold a grant can read it."""
        return self.state in {"published", "superseded"}

    @property
    def ended_on(self) -> date:
        """The last day at the factory, or the first where it is still going on."""
        return self.end or self.start


def visits(factories: tuple[FactoryPlan, ...], today: date) -> tuple[VisitPlan, ...]:
    """Return every assessment, factory by factory, oldest first."""
    now = repeat(NOW)
    found = []
    for factory in factories:
        if factory.is_assessed:
            found += list(_visits(factory, today, next(now)))
    numbers: dict[tuple[int, int], int] = {}
    for visit in found:
        numbers.setdefault((visit.factory.index, visit.cycle), 500_001 + len(numbers))
    return tuple(replace(visit, quest_id=str(numbers[visit.factory.index, visit.cycle])) for visit in found)


def _visits(factory: FactoryPlan, today: date, now: tuple[str, int, int]) -> Iterator[VisitPlan]:
    own = dice("visits", factory.bw_id)
    newest = _newest(factory, today, now, own)
    end = newest.ended_on
    earlier = []
    for cycle in range(newest.cycle - 1, 0, -1):
        end = end - timedelta(days=own.randrange(330, 400))
        earlier.append(_published(_visit(factory, cycle, end, own, today), own, today))
    for visit in reversed(earlier):
        yield from _corrected(visit, own, today)
    yield from _corrected(newest, own, today)


def _visit(factory: FactoryPlan, cycle: int, end: date, own: Random, today: date) -> VisitPlan:
    virtual = cycle > 1 and own.random() < 0.06
    return VisitPlan(
        factory=factory,
        cycle=cycle,
        version=1,
        tool_version=1 if end < date(today.year - 1, 1, 1) else 2,
        quest_id="",
        mode="virtual" if virtual else "on_site",
        state="planned",
        start=end - timedelta(days=1),
        end=end,
    )


def _newest(factory: FactoryPlan, today: date, now: tuple[str, int, int], own: Random) -> VisitPlan:
    state, first, last = now
    if factory.index == 0:
        state, first, last = "factory_review", 16, 16
    elif factory.index == 1:
        state, first, last = "published", 30, 30
    elif factory.status != "enrolled":
        state, first, last = "published", 150, 330
    days = own.randint(first, last)
    visit = _visit(factory, factory.cycles, before(today, days), own, today)
    if state in {"published", "withdrawn"}:
        visit = _published(visit, own, today)
    if state == "withdrawn":
        return _withdrawn(visit, own, today)
    if state == "factory_review":
        return replace(visit, state=state, released_at=moment(before(today, min(days - 2, own.randint(2, 6))), own))
    if state == "published" and factory.index == 1:
        return replace(visit, published_at=moment(before(today, 3), own))  # some brands get new reports after a hold
    if state == "published":
        return visit
    return replace(visit, state=state, end=None if state in {"planned", "in_progress"} else visit.end)


def _published(visit: VisitPlan, own: Random, today: date) -> VisitPlan:
    taken = own.randint(17, 28) if own.random() < 0.85 else own.randint(29, 44)
    released = visit.ended_on + timedelta(days=taken - 8)
    return replace(
        visit,
        state="published",
        released_at=moment(released, own),
        published_at=moment(min(visit.ended_on + timedelta(days=taken), before(today, 1)), own),
    )


def _withdrawn(visit: VisitPlan, own: Random, today: date) -> VisitPlan:
    day = visit.ended_on + timedelta(days=own.randint(50, 100))
    return replace(
        visit,
        state="withdrawn",
        withdrawn_at=moment(min(day, before(today, 1)), own),
        withdrawn_reason=own.choice(WITHDRAWN),
    )


def _corrected(visit: VisitPlan, own: Random, today: date) -> Iterator[VisitPlan]:
    """Yield the visit; and for a few, the version that replaced it."""
    if visit.factory.index == 0 and visit.cycle == visit.factory.cycles - 1:
        yield from _corrected_lately(visit, today)
        return
    is_story = visit.factory.index == 0 and visit.cycle == 3
    if visit.published_at is None or visit.state != "published" or not (is_story or own.random() < 0.035):
        yield visit
        return
    day = min(visit.published_at.date() + timedelta(days=own.randint(15, 40)), before(today, 1))
    published = moment(day, own)
    yield replace(visit, state="superseded", superseded_at=published)
    yield _correction(visit, published, own.choice(CORRECTIONS))


def _corrected_lately(visit: VisitPlan, today: date) -> Iterator[VisitPlan]:
    """Yield factory A's last published report, replaced three days ago: not every reader has acknowledged it yet."""
    own = dice("corrected lately", visit.factory.bw_id)
    published = moment(before(today, 3), own)
    yield replace(visit, state="superseded", superseded_at=published)
    yield _correction(visit, published, CORRECTIONS[0])


def _correction(visit: VisitPlan, published: datetime, note: str) -> VisitPlan:
    """Return the second version; the factory had it two days before."""
    return replace(
        visit,
        version=2,
        released_at=published - timedelta(days=2),
        published_at=published,
        first_published_at=visit.published_at,
        correction_note=note,
    )
