"""Who makes the planned visits of the demo, and the closure days that factories entered."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from uuid import UUID

from assessments.models import Assessor
from assessments.visits.models import ON_SITE_DAYS
from factories.events import FactoryEvent
from factories.models import ClosureDays, Factory
from portal.accounts.models import User
from portal.demo.load.rows import History
from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.people import advisor_emails, manager_email
from portal.demo.plan.visits import VisitPlan

# The factory's place in the plan, days until the closure begins, its length in days, and the reason.
CLOSURES = ((0, 25, 3, "Public holiday"), (0, 90, 7, ""), (1, 40, 5, "Maintenance of the boilers"))


def load_assessors(visits: Iterable[VisitPlan], users: dict[str, User]) -> None:
    """Choose two of the country's advisors for each planned visit, who have no other visit on its days."""
    going: dict[str, list[VisitPlan]] = {}
    planned = [visit for visit in visits if visit.state == "planned"]
    for visit in sorted(planned, key=lambda visit: (visit.start, visit.factory.index)):
        pairs = list(combinations(advisor_emails(visit.factory.place.name), 2))
        turn = visit.factory.index % len(pairs)
        ordered = [*pairs[turn:], *pairs[:turn]]
        pair = next((pair for pair in ordered if all(_is_free(going.get(one, []), visit) for one in pair)), ())
        for email in pair:
            going.setdefault(email, []).append(visit)
    Assessor.objects.bulk_create(
        Assessor(assessment_id=visit.id, person=users[email]) for email, own in going.items() for visit in own
    )


def _is_free(own: Sequence[VisitPlan], visit: VisitPlan) -> bool:
    return all(abs((other.start - visit.start).days) >= ON_SITE_DAYS for other in own)


def load_closures(
    plans: Sequence[FactoryPlan],
    factories: dict[str, Factory],
    users: dict[str, User],
    now: datetime,
    history: History,
) -> None:
    """Write the closure days of factories A and B, as their managers entered them."""
    entered = now - timedelta(days=9)
    for place, ahead, days, reason in CLOSURES:
        plan = plans[place]
        first = (now + timedelta(days=ahead)).date()
        closure = ClosureDays.objects.create(
            id=UUID(int=dice("closure", plan.bw_id, ahead).getrandbits(128), version=4),
            factory=factories[plan.bw_id],
            first_day=first,
            last_day=first + timedelta(days=days - 1),
            reason=reason,
            entered_by=users[manager_email(plan)],
        )
        ClosureDays.objects.filter(pk=closure.pk).update(entered_at=entered)
        history.add(
            entered,
            FactoryEvent.CLOSURE_ADDED,
            by=closure.entered_by_id,
            subject=closure.pk,
            factory_id=closure.factory_id,
            first_day=closure.first_day.isoformat(),
            last_day=closure.last_day.isoformat(),
        )
