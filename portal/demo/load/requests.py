"""The demo's requests of brands and their outcomes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.demo.load.rows import History, copy_rows
from portal.demo.load.sharing import grant_key
from portal.demo.plan import dice
from portal.demo.plan.requests import RequestPlan
from sharing.events import SharingEvent
from sharing.models import AccessRequest, RequestAnswer
from sharing.requests.services.answers import EVENT_OF_ANSWER

COLUMNS = (
    "id", "factory_id", "brand_id", "scopes", "cycles", "cycle_numbers", "expires_at", "purpose", "message",
    "asked_by_id", "created_at", "lapses_at", "state", "snoozed_until", "remind_at", "answered_at", "answered_by_id",
    "decline_reason",
)  # fmt: skip


def load_requests(
    plans: Sequence[RequestPlan],
    factories: dict[str, Factory],
    brands: dict[str, Brand],
    users: dict[str, User],
    history: History,
) -> None:
    """Write every request, the grants that answered it, and its events."""
    rows, answers = [], []
    for number, plan in enumerate(plans):
        key = UUID(int=dice("request key", number).getrandbits(128), version=4)
        ids = {"factory_id": factories[plan.factory.bw_id].pk, "brand_id": brands[plan.brand].pk}
        by = users[plan.answered_by].pk if plan.answered_by else None
        rows.append(_row(plan, key, ids, users[plan.asked_by].pk, by))
        answers += [(key, grant_key(grant)) for grant in plan.grants]
        history.add(
            plan.created_at, SharingEvent.REQUEST_SENT, by=users[plan.asked_by].pk, subject=key,
            scopes=list(plan.scopes), cycles=plan.cycles, cycle_numbers=list(plan.cycle_numbers),
            expires_at=plan.expires_at.isoformat() if plan.expires_at else None, **ids,
        )  # fmt: skip
        if plan.answered_at:
            history.add(plan.answered_at, EVENT_OF_ANSWER[AccessRequest.State(plan.state)], by=by, subject=key, **ids)
    copy_rows(AccessRequest, COLUMNS, rows)
    copy_rows(RequestAnswer, ("request_id", "grant_id"), answers)


def _row(plan: RequestPlan, key: UUID, ids: dict[str, int], asked_by: int, answered_by: int | None) -> tuple[Any, ...]:
    return (
        key,
        ids["factory_id"],
        ids["brand_id"],
        list(plan.scopes),
        plan.cycles,
        list(plan.cycle_numbers),
        plan.expires_at,
        plan.purpose,
        plan.message,
        asked_by,
        plan.created_at,
        plan.lapses_at,
        plan.state,
        plan.snoozed_until,
        plan.remind_at,
        plan.answered_at,
        answered_by,
        plan.decline_reason,
    )
