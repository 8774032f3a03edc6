"""The demo's requests: in every state, so that both sides find something to look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.demo.accounts import BRAND_A, BRAND_B
from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.grants import GrantPlan
from portal.demo.plan.people import manager_email, reader_emails

OPEN_DAYS, REMINDER_DAYS = 60, 14  # the programmes' settings in the demo
WHY = (
    "Yearly supplier evaluation", "Onboarding of a new supplier", "Due diligence report", "Sourcing review",
    "Follow-up with the factory",
)  # fmt: skip
MESSAGES = (
    "We place the first orders in spring and would like to read the last report before our visit.",
    "We met at the trade fair in May. Please call us if anything is unclear.",
    "",
    "",
)
REASONS = ("We do not produce for you at the moment.", "Please agree the scope with our sales office first.", "")
# Factory A's inbox: brand, scopes, cycles, their numbers, days to the end, days since asked, state, days since answered
STORY: tuple[tuple[str, str, str, tuple[int, ...], int | None, float, str, float | None], ...] = (
    (BRAND_A, "report step1", "from", (3,), 365, 3, "open", None),
    (BRAND_B, "report", "all", (), None, 16, "open", None),
    ("Hoshizora Wear", "report step1", "only", (4,), 180, 54, "open", None),
    ("Polder & Daughters", "report", "all", (), None, 20, "later", 10),
    ("Pippin Kids", "report step1", "from", (3,), None, 40, "declined", 37),
    ("Marram Outdoor", "step1", "all", (), None, 150, "lapsed", None),
    ("Tidewater Denim Company", "step1", "all", (), None, 90, "withdrawn", 85),
)


@dataclass(frozen=True)
class RequestPlan:
    """One request. `grants` are the positions, in the list of grants, of those that answered it."""

    factory: FactoryPlan
    brand: str
    scopes: tuple[str, ...]
    cycles: str
    cycle_numbers: tuple[int, ...]
    expires_at: datetime | None
    purpose: str
    message: str
    asked_by: str
    created_at: datetime
    state: str
    answered_at: datetime | None = None
    answered_by: str | None = None
    decline_reason: str = ""
    snoozed_until: datetime | None = None
    grants: tuple[int, ...] = ()

    @property
    def lapses_at(self) -> datetime:
        """The moment at which it ends without an answer."""
        over = self.created_at + timedelta(days=OPEN_DAYS)
        return min(over, self.expires_at) if self.expires_at else over

    @property
    def remind_at(self) -> datetime:
        """The moment at which the factory is reminded next."""
        return self.snoozed_until or self.created_at + timedelta(days=REMINDER_DAYS)


def requests(
    factories: tuple[FactoryPlan, ...], grants: tuple[GrantPlan, ...], now: datetime
) -> tuple[RequestPlan, ...]:
    """Return every request, by factory; none after `now`."""
    found = list(_story(factories[0], now))
    found += list(_approved(grants))
    shared = {(grant.factory.bw_id, grant.brand) for grant in grants}
    for factory in factories[1:]:
        if factory.status == "enrolled" and not factory.is_obsolete:
            found += [plan for plan in _others(factory, now) if (factory.bw_id, plan.brand) not in shared]
    return tuple(found)


def _story(factory: FactoryPlan, now: datetime) -> Iterator[RequestPlan]:
    for number, (brand, scopes, cycles, numbers, until, asked, state, answered) in enumerate(STORY):
        created, manager = now - timedelta(days=asked), manager_email(factory)
        plan = RequestPlan(
            factory, brand, tuple(scopes.split()), cycles, numbers,
            expires_at=None if until is None else factory.end_of_day(now + timedelta(days=until)),
            purpose=WHY[number % len(WHY)],
            message=MESSAGES[number % len(MESSAGES)],
            asked_by=reader_emails(brand)[-1],
            created_at=created,
            state="open" if state == "later" else state,
        )  # fmt: skip
        yield _answered(plan, state, None if answered is None else now - timedelta(days=answered), manager, REASONS[0])


def _answered(plan: RequestPlan, state: str, at: datetime | None, manager: str, reason: str) -> RequestPlan:
    values = plan.__dict__
    if state == "later" and at is not None:
        return RequestPlan(**{**values, "snoozed_until": at + timedelta(days=14)})
    if state == "declined":
        return RequestPlan(**{**values, "answered_at": at, "answered_by": manager, "decline_reason": reason})
    if state == "withdrawn":
        return RequestPlan(**{**values, "answered_at": at, "answered_by": plan.asked_by})
    if state == "lapsed":
        return RequestPlan(**{**values, "answered_at": plan.lapses_at})
    return plan


def _approved(grants: tuple[GrantPlan, ...]) -> Iterator[RequestPlan]:
    """Yield the requests behind grants that were given because the brand had asked."""
    for number, grant in enumerate(grants):
        own = dice("request", grant.factory.bw_id, grant.brand, number)
        first = grant.factory.index and not grant.replaces and not grant.granted_for
        if not first or grant.valid_from != grant.created_at or own.random() >= 0.06:
            continue
        yield RequestPlan(
            grant.factory, grant.brand, (grant.scope,), grant.cycles, grant.cycle_numbers,
            expires_at=grant.expires_at,
            purpose=grant.purpose or own.choice(WHY),
            message=own.choice(MESSAGES),
            asked_by=own.choice(reader_emails(grant.brand)),
            created_at=grant.created_at - timedelta(days=own.uniform(1, 20)),
            state="approved",
            answered_at=grant.created_at,
            answered_by=grant.granted_by,
            grants=(number,),
        )  # fmt: skip


def _others(factory: FactoryPlan, now: datetime) -> Iterator[RequestPlan]:
    """Yield further requests of brands A and B; most factories have not answered yet."""
    own = dice("requests", factory.bw_id)
    for brand in (BRAND_A, BRAND_B):
        if own.random() >= 0.09:
            continue
        state = own.choices(("open", "declined", "lapsed"), (60, 25, 15))[0]
        asked = own.uniform(75, 200) if state == "lapsed" else own.uniform(2, 50)
        created = now - timedelta(days=asked)
        plan = RequestPlan(
            factory, brand, own.choice((("report",), ("report", "step1"))), "all", (),
            expires_at=None,
            purpose=own.choice(WHY),
            message=own.choice(MESSAGES),
            asked_by=own.choice(reader_emails(brand)),
            created_at=created,
            state=state,
        )  # fmt: skip
        answered = created + (now - created) * own.uniform(0.2, 0.9)
        yield _answered(plan, state, answered, manager_email(factory), own.choice(REASONS))
