"""What followed when access ended, and who decides when somebody is missing: destroy notices, grants that wait
for their second person, a handover under way.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from brands.models import Brand
from factories.events import FactoryEvent
from factories.models import Factory, Handover
from portal.accounts.models import User
from portal.demo.accounts import BRAND_A
from portal.demo.load.rows import History, copy_rows
from portal.demo.plan import dice
from portal.demo.plan.factories import FactoryPlan
from portal.demo.plan.grants import ENDED_LATELY
from portal.demo.plan.people import manager_email, representative_email, staff_email
from sharing.events import SharingEvent
from sharing.models import AccessRecord, ConfirmationEnd, CopyToDestroy, DestroyNotice, SharingGrant

NOTICE_COLUMNS = (
    "id", "factory_id", "brand_id", "asked_by_id", "shown_reason", "created_at", "answered_at", "answered_by_id",
    "remark",
)  # fmt: skip
COPY_COLUMNS = ("notice_id", "number", "scope", "cycle", "answer", "kept_because")
HANDOVER_COLUMNS = (
    "id", "factory_id", "leaving_id", "new_name", "new_email", "evidence", "scan", "opened_by_id", "opened_at",
    "objections_until", "is_objection", "stop_reason",
)  # fmt: skip
KEPT = "Our auditors need it until the yearly accounts are closed."
Ended = tuple[int, int, datetime]


def load_destroy_notices(first: Factory, brands: dict[str, Brand], now: datetime, history: History) -> None:
    """Write a notice for each factory and brand whose access was revoked after downloads; most were answered.

    The last one to brand A, and factory A's own last one, wait.
    """
    notices: list[tuple[Any, ...]] = []
    copies: list[tuple[Any, ...]] = []
    revoked = list(_revoked_with_copies())
    open_ones = {act for act, _by, _records in revoked if act[0] == first.pk and act[1] == brands[ENDED_LATELY[0]].pk}
    open_ones |= {[act for act, _by, _records in revoked if act[1] == brands[BRAND_A].pk][-1]}
    for (factory, brand, ended), by, records in revoked:
        own = dice("destroy", records[0].copy_number)
        key = UUID(int=own.getrandbits(128), version=4)
        answered = min(ended + timedelta(days=own.uniform(1, 12)), now)
        fate = own.choices(("destroyed", "kept", ""), (60, 15, 25))[0]
        if (factory, brand, ended) in open_ones:
            fate = ""
        reader = records[0].person_id if fate else None
        remark = "Deleted from our file server." if fate == "destroyed" else ""
        notices.append((key, factory, brand, by, "", ended, answered if fate else None, reader, remark))
        for position, record in enumerate(records):
            answer = ("kept" if position == 0 else "destroyed") if fate == "kept" else fate
            kept = KEPT if answer == "kept" else ""
            copies.append((key, record.copy_number, record.scope, record.cycle, answer, kept))
        ids = {"factory_id": factory, "brand_id": brand}
        history.add(ended, SharingEvent.COPY_DESTRUCTION_ASKED, by=by, subject=key, **ids)
        if fate:
            history.add(answered, SharingEvent.COPY_ANSWERED, by=reader, subject=key, **ids)
    copy_rows(DestroyNotice, NOTICE_COLUMNS, notices)
    copy_rows(CopyToDestroy, COPY_COLUMNS, copies)


def _revoked_with_copies() -> Iterator[tuple[Ended, int, list[AccessRecord]]]:
    """Yield each revocation of a factory and brand: who did it, and what had been downloaded of the scopes it ended."""
    scopes: dict[Ended, set[str]] = defaultdict(set)
    deciders: dict[Ended, int] = {}
    revoked = SharingGrant.objects.filter(ended_at__isnull=False).exclude(end_code=SharingGrant.End.CHANGED)
    for grant in revoked.order_by("ended_at", "factory__bw_id", "brand__name", "scope"):
        assert grant.ended_at is not None  # noqa: S101 - for the type checker
        act = (grant.factory_id, grant.brand_id, grant.ended_at)
        scopes[act].add(grant.scope)
        deciders[act] = grant.granted_by_id
    downloads = defaultdict(list)
    for record in AccessRecord.objects.filter(copy_number__isnull=False).order_by("copy_number"):
        downloads[record.factory_id, record.brand_id].append(record)
    asked: set[int | None] = set()
    for act, ended_scopes in scopes.items():
        factory, brand, ended = act
        own = [
            record
            for record in downloads[factory, brand]
            if record.scope in ended_scopes and record.at < ended and record.copy_number not in asked
        ]
        if own:
            asked |= {record.copy_number for record in own}
            yield act, deciders[act], own


def load_unconfirmed(
    plan: FactoryPlan,
    factories: dict[str, Factory],
    brands: dict[str, Brand],
    users: dict[str, User],
    history: History,
    now: datetime,
) -> None:
    """Write a factory whose worker representative confirms each grant, with one that waits."""
    factory, manager = factories[plan.bw_id], users[manager_email(plan)]
    assert representative_email(plan) in users  # noqa: S101 - the rule needs one
    Factory.objects.filter(pk=factory.pk).update(confirms_sharing=True)
    _record_rule(SharingEvent.CONFIRMATION_REQUIRED, now - timedelta(days=40), factory, manager, factory.pk, history)
    taken = set(SharingGrant.objects.filter(factory=factory).values_list("brand_id", flat=True))
    brand = next(brand for brand in brands.values() if brand.pk not in taken)
    _propose(factory, brand, manager, now - timedelta(days=3), history)


def load_last_unconfirmed(
    plan: FactoryPlan, factory: Factory, brand: Brand, users: dict[str, User], history: History, now: datetime
) -> None:
    """Write factory A's trial of the rule for two months: a manager decides alone again; one old grant still waits."""
    manager, representative = users[manager_email(plan)], users[representative_email(plan)]
    _record_rule(SharingEvent.CONFIRMATION_REQUIRED, now - timedelta(days=65), factory, manager, factory.pk, history)
    _propose(factory, brand, manager, now - timedelta(days=9), history)
    asked, answered = now - timedelta(days=6), now - timedelta(days=4)
    columns = ("factory_id", "asked_by_id", "asked_at", "answered_at", "answered_by_id", "is_agreed")
    copy_rows(ConfirmationEnd, columns, [(factory.pk, manager.pk, asked, answered, representative.pk, True)])
    waiver = ConfirmationEnd.objects.get(factory=factory)
    _record_rule(SharingEvent.CONFIRMATION_WAIVER_ASKED, asked, factory, manager, waiver.pk, history)
    _record_rule(SharingEvent.CONFIRMATION_WAIVED, answered, factory, representative, waiver.pk, history)


def _record_rule(
    kind: SharingEvent, at: datetime, factory: Factory, by: User, subject: object, history: History
) -> None:
    history.add(at, kind, by=by.pk, subject=subject, factory_id=factory.pk)


def _propose(factory: Factory, brand: Brand, manager: User, at: datetime, history: History) -> None:
    """Write a grant that nobody has confirmed yet."""
    key = UUID(int=dice("unconfirmed", factory.bw_id).getrandbits(128), version=4)
    columns = (
        "id", "factory_id", "brand_id", "scope", "cycles", "cycle_numbers", "valid_from", "purpose", "hold_days",
        "granted_by_id", "granted_for", "consent_document", "created_at", "end_reason", "needs_confirmation",
    )  # fmt: skip
    row: tuple[Any, ...] = (
        key, factory.pk, brand.pk, "report", "all", [], at, "Sourcing review", 7, manager.pk, "", "", at, "", True,
    )  # fmt: skip
    copy_rows(SharingGrant, columns, [row])
    terms = {"scope": "report", "cycles": "all", "cycle_numbers": [], "valid_from": at.isoformat()}
    more = {
        "expires_at": None,
        "hold_days": 7,
        "replaces": None,
        "follows": None,
        "factory_id": factory.pk,
        "brand_id": brand.pk,
    }
    history.add(at, SharingEvent.GRANT_CREATED, by=manager.pk, subject=key, **terms, **more)


def load_handover(
    plan: FactoryPlan, factories: dict[str, Factory], users: dict[str, User], history: History, now: datetime
) -> None:
    """Write a factory whose only manager left: staff brought in the next one two days ago and wait for objections."""
    factory, leader = factories[plan.bw_id], users[staff_email(plan.place.name, "team_leader")]
    at, key = now - timedelta(days=2), UUID(int=dice("handover").getrandbits(128), version=4)
    evidence = "The owner told us on the telephone, and sent a signed letter that names the new manager."
    email = f"next-manager-{plan.bw_id}@demo.example"
    row = (
        key, factory.pk, users[manager_email(plan)].pk, "Vichea Ros", email, evidence, "", leader.pk, at,
        at + timedelta(days=factory.programme.handover_days), False, "",
    )  # fmt: skip
    copy_rows(Handover, HANDOVER_COLUMNS, [row])
    ids = {"factory_id": factory.pk, "programme_id": factory.programme_id}
    case = {"leaving": row[2], "scan_sha256": ""}
    history.add(at, FactoryEvent.HANDOVER_OPENED, by=leader.pk, subject=key, **ids, **case)
