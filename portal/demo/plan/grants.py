"""The demo's grants: every kind, what has become of each, and who read what while it was live."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from portal.demo.accounts import BRAND_A, BRAND_B
from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.people import manager_email, reader_emails, staff_email
from portal.demo.plan.visits import VisitPlan
from portal.demo.trade import BRANDS
from sharing.grants.ends import End
from sharing.terms import covers, is_in_force, opens_at

PURPOSES = (
    "Sourcing review", "Yearly supplier evaluation", "Due diligence report", "Onboarding of a new supplier",
    "Follow-up with the factory", "",
)  # fmt: skip
END_REASONS = (
    "We no longer produce for this buyer.",
    "The order season is over.",
    "Shared with the wrong buyer by mistake.",
    "The buyer asked for more than was agreed; to be discussed first.",
    "The contact person at the buyer has changed.",
)
# Factory A shares with others, but not with brand A (the story grants that) and not with brand B.
# brand, scopes, cycles, their numbers, days since the start, days from now to the end, days since the revoke, hold
STORY: tuple[tuple[str, str, str, tuple[int, ...], int, int | None, int | None, int], ...] = (
    ("Casa Almendra", "report step1", "all", (), 400, None, None, 0),
    ("Blaumeer Mode", "report step1", "from", (2,), 310, 120, None, 0),
    ("Tidewater Denim Company", "report", "only", (2, 4), 200, None, None, 0),
    ("Hoshizora Wear", "report step1", "all", (), 500, None, 60, 0),
    ("Pippin Kids", "report", "from", (3,), 240, -20, None, 0),
    ("Marram Outdoor", "report", "all", (), -14, None, None, 0),
    ("Polder & Daughters", "step1", "all", (), 90, None, None, 0),
    ("Filo Rosso", "report step1", "from", (4,), 150, None, None, 5),
)
# The access that factory A gave on signed paper, and the reports that it holds: brand, cycle, why.
ON_PAPER = ("Polder & Daughters",)
KEPT_BACK = (
    ("Casa Almendra", 1, "An old report; they asked for the last two years."),
    ("Blaumeer Mode", 3, "We want to discuss this with them first."),
)
# The brands for which factory B holds each new report, and how many days: its last one was published three days ago.
HELD_FROM = ("Filo Rosso", 5)
# Access that factory A ended recently, after the brand had downloaded data: when it began, and when it ended.
ENDED_LATELY = ("Wattlebird Uniforms", 300, 10)


@dataclass(frozen=True)
class GrantPlan:
    """One grant. `replaces` says that it follows the one before it in the list, which ended for that."""

    factory: FactoryPlan
    brand: str
    scope: str
    cycles: str
    cycle_numbers: tuple[int, ...]
    created_at: datetime
    valid_from: datetime
    expires_at: datetime | None
    purpose: str
    hold_days: int
    granted_by: str
    granted_for: str = ""
    ended_at: datetime | None = None
    end_code: str = ""
    end_reason: str = ""
    replaces: bool = False
    needs_confirmation: bool = False
    confirmed_at: datetime | None = None

    def covers(self, cycle: int) -> bool:
        """Return whether the grant is about this cycle."""
        return covers(self, cycle)

    def is_live(self, at: datetime) -> bool:
        """Return whether it was in force then."""
        return is_in_force(self, at)

    def reading_period(self, visit: VisitPlan, now: datetime) -> tuple[datetime, datetime] | None:
        """Return from when to when the brand could read a published visit; None if never, or for less than an hour."""
        if not self.covers(visit.cycle) or visit.published_at is None or visit.state == "withdrawn":
            return None
        first_published = visit.first_published_at or visit.published_at
        opened = opens_at(self, first_published)
        if visit.superseded_at is not None and visit.superseded_at <= opened:
            return None  # it was replaced before the report opened
        first = max(opened, visit.published_at)
        last = min(filter(None, (now, self.ended_at, self.expires_at))) - timedelta(hours=1)
        return (first, last) if first < last else None


@dataclass(frozen=True)
class ReadingPlan:
    """One opening or download of one visit's data by somebody."""

    at: datetime
    email: str
    brand: str
    visit: VisitPlan
    scope: str
    action: str


def grants(factories: tuple[FactoryPlan, ...], now: datetime) -> tuple[GrantPlan, ...]:
    """Return every grant, by factory; `now` is a time on the anchor day before which all of the history lies."""
    found: list[GrantPlan] = []
    for factory in factories:
        if factory.index == 0:
            found += list(_story(factory, now))
        elif factory.is_assessed:
            found += list(_grants(factory, now, dice("grants", factory.bw_id)))
        if factory.index == 1:
            found.append(_held(factory, now))
    return tuple(found)


def _story(factory: FactoryPlan, now: datetime) -> Iterator[GrantPlan]:
    for brand, scopes, cycles, numbers, started, until, revoked, hold in STORY:
        start = now - timedelta(days=started)
        for scope in scopes.split():
            yield GrantPlan(
                factory, brand, scope, cycles, numbers,
                created_at=min(start, now - timedelta(days=1)),
                valid_from=start,
                expires_at=None if until is None else factory.end_of_day(now + timedelta(days=until)),
                purpose="Sourcing review",
                hold_days=hold,
                granted_by=staff_email(factory.place.name, "programme_manager")
                if brand in ON_PAPER
                else manager_email(factory),
                granted_for=f"{factory.contact}, factory manager" if brand in ON_PAPER else "",
                ended_at=None if revoked is None else now - timedelta(days=revoked),
                end_code="" if revoked is None else End.STOPPED.value,
                end_reason="" if revoked is None else END_REASONS[0],
            )  # fmt: skip


def ended_lately(factory: FactoryPlan, now: datetime) -> GrantPlan:
    """Return the grant that factory A ended last."""
    brand, started, ended = ENDED_LATELY
    start = now - timedelta(days=started)
    return GrantPlan(
        factory, brand, "report", "all", (),
        created_at=start,
        valid_from=start,
        expires_at=None,
        purpose="Onboarding of a new supplier",
        hold_days=0,
        granted_by=manager_email(factory),
        ended_at=now - timedelta(days=ended),
        end_code=End.STOPPED.value,
        end_reason=END_REASONS[0],
    )  # fmt: skip


def downloads_before(grant: GrantPlan, visits: list[VisitPlan]) -> list[ReadingPlan]:
    """Return a file of each of the two newest published reports, downloaded the week before the grant ended."""
    email, end = reader_emails(grant.brand)[0], grant.ended_at or grant.created_at
    out = [visit for visit in visits if visit.is_out and visit.published_at and visit.published_at < end]
    return [
        ReadingPlan(end - timedelta(days=7, hours=number), email, grant.brand, visit, grant.scope, "download")
        for number, visit in enumerate(out[-2:])
    ]


def buyers_of(factory: FactoryPlan) -> list[str]:
    """Return the brands that source from a factory, most likely the big ones; A and B both read factory B."""
    if factory.index == 0:
        return [brand for brand, *_ in STORY] + [BRAND_A]
    own = dice("buyers", factory.bw_id)
    pool, found = {brand.name: brand.weight for brand in BRANDS}, []
    for _ in range(own.randint(2, 5)):
        name = own.choices(list(pool), list(pool.values()))[0]
        found.append(name)
        del pool[name]
    if factory.index == 1:
        found = [name for name in found if name != HELD_FROM[0]]
        return found + [name for name in (BRAND_A, BRAND_B) if name not in found]
    return found


def _held(factory: FactoryPlan, now: datetime) -> GrantPlan:
    """Return the grant with a hold that runs."""
    brand, hold = HELD_FROM
    start = now - timedelta(days=150)
    return GrantPlan(
        factory, brand, "report", "all", (),
        created_at=start,
        valid_from=start,
        expires_at=None,
        purpose="Sourcing review",
        hold_days=hold,
        granted_by=manager_email(factory),
    )  # fmt: skip


def _grants(factory: FactoryPlan, now: datetime, own: Random) -> Iterator[GrantPlan]:
    for brand in buyers_of(factory):
        if own.random() < 0.1:
            continue  # a buyer that was not given access yet
        first = _terms(factory, brand, now, own)
        scopes = _scopes(own)
        for scope in scopes:
            yield from _with_history(replace(first, scope=scope), now, own)


def _scopes(own: Random) -> list[str]:
    if own.random() < 0.14:
        return ["step1"]
    return ["report", "step1"] if own.random() < 0.6 else ["report"]


def _terms(factory: FactoryPlan, brand: str, now: datetime, own: Random) -> GrantPlan:
    start = now - timedelta(days=own.uniform(30, 700))
    fate = own.choices(("open", "until", "expired", "revoked", "future"), (60, 18, 8, 10, 4))[0]
    cycles = own.choices(("all", "from", "only"), (60, 25, 15))[0]
    paper = own.random() < 0.03
    grant = GrantPlan(
        factory, brand, "report", cycles,
        () if cycles == "all" else (own.randint(min(2, factory.cycles), factory.cycles),),
        created_at=start,
        valid_from=start,
        expires_at=None,
        purpose=own.choice(PURPOSES),
        hold_days=own.choice((3, 7, 14)) if own.random() < 0.15 else 0,
        granted_by=staff_email(factory.place.name, "programme_manager") if paper else manager_email(factory),
        granted_for=f"{factory.contact}, factory manager" if paper else "",
    )  # fmt: skip
    return replace(grant, **_fate(grant, fate, now, own))


def _fate(grant: GrantPlan, fate: str, now: datetime, own: Random) -> dict[str, Any]:
    if fate == "until":
        return {"expires_at": grant.factory.end_of_day(now + timedelta(days=own.randint(10, 365)))}
    if fate == "expired":
        past = own.uniform(0.02, 0.9) * (now - grant.created_at).days
        return {"expires_at": grant.factory.end_of_day(now - timedelta(days=past + 1))}
    if fate == "revoked":
        ended = grant.created_at + (now - grant.created_at) * own.uniform(0.2, 0.95)
        return {"ended_at": ended, "end_code": End.STOPPED.value, "end_reason": own.choice(END_REASONS)}
    if fate == "future":
        start = now - timedelta(days=own.uniform(1, 10))
        return {"created_at": start, "valid_from": now + timedelta(days=own.randint(5, 60))}
    return {}


def _with_history(grant: GrantPlan, now: datetime, own: Random) -> Iterator[GrantPlan]:
    """Yield the grant; some were changed on the way, some given again after a revocation."""
    length = now - grant.created_at
    if grant.ended_at and own.random() < 0.35:
        yield grant
        again = grant.ended_at + (now - grant.ended_at) * 0.5
        yield replace(grant, created_at=again, valid_from=again, ended_at=None, end_code="", end_reason="")
    elif not grant.ended_at and not grant.expires_at and length > timedelta(days=60) and own.random() < 0.08:
        changed = grant.created_at + length * own.uniform(0.3, 0.8)
        yield replace(grant, ended_at=changed, end_code=End.CHANGED.value, hold_days=0)
        yield replace(grant, created_at=changed, valid_from=changed, replaces=True, hold_days=7)
    else:
        yield grant


def readings(grants: tuple[GrantPlan, ...], visits: dict[str, list[VisitPlan]], now: datetime) -> list[ReadingPlan]:
    """Return what the brands read under these grants, oldest first. `visits` are a factory's, by `bw_id`."""
    found: list[ReadingPlan] = []
    for number, grant in enumerate(grants):
        own = dice("readings", grant.factory.bw_id, grant.brand, grant.scope, number)
        for visit in visits[grant.factory.bw_id]:
            period = grant.reading_period(visit, now) if visit.is_out else None
            if period is not None and own.random() < 0.6:
                found += list(_readings(grant, visit, period, own))
            if period is not None and visit.superseded_at and grant.brand == BRAND_A:  # a reader of the old version
                at = period[0] + (visit.superseded_at - period[0]) / 2
                found.append(ReadingPlan(at, reader_emails(BRAND_A)[0], BRAND_A, visit, grant.scope, "view"))
    return sorted(found, key=lambda reading: reading.at)


def _readings(
    grant: GrantPlan, visit: VisitPlan, period: tuple[datetime, datetime], own: Random
) -> Iterator[ReadingPlan]:
    first, last = period
    emails = reader_emails(grant.brand)
    for action in ["view"] * own.randint(1, 3) + ["download"] * (own.random() < 0.3):
        at = min(first + timedelta(days=own.expovariate(1 / 25), minutes=5), last)
        yield ReadingPlan(at, own.choice(emails), grant.brand, visit, grant.scope, action)
