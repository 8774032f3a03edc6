"""The demo's grants and what was read under them."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from portal.demo.load.rows import History, copy_rows
from portal.demo.plan import dice
from portal.demo.plan.grants import KEPT_BACK, GrantPlan, ReadingPlan
from sharing.events import SharingEvent
from sharing.grants.services.granting import EVENT_OF_END
from sharing.models import AccessRecord, PaperConsent, SharingGrant, WithheldReport

GRANT_COLUMNS = (
    "id", "factory_id", "brand_id", "scope", "cycles", "cycle_numbers", "valid_from", "expires_at", "purpose",
    "hold_days", "granted_by_id", "granted_for", "consent_document", "created_at", "replaces_id", "follows_id",
    "ended_at", "ended_by_id", "end_code", "end_reason",
)  # fmt: skip
RECORD_COLUMNS = (
    "at", "person_id", "brand_id", "factory_id", "assessment_id", "cycle", "version", "scope", "action",
    "copy_number", "copy_format",
)  # fmt: skip
PAPER = "consents/demo-{}"
# One page with one line of text, in place of the scan of a signed form.
SCAN = (
    b"%PDF-1.4\n"
    b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 200]/Contents 4 0 R"
    b"/Resources<</Font<</F1 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 67>>stream\n"
    b"BT /F1 14 Tf 30 120 Td (Demo: stands for a signed consent form) Tj ET"
    b"\nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n"
)
# The portal numbers copies from 100001 on, so these are never given out again.
FIRST_COPY = 1001


def load_grants(
    plans: Sequence[GrantPlan],
    factories: dict[str, Factory],
    brands: dict[str, Brand],
    users: dict[str, User],
    history: History,
) -> None:
    """Write every grant, and the events of its beginning and end."""
    _keep_papers(plans, factories, users, history)
    rows = []
    previous: UUID | None = None
    for number, plan in enumerate(plans):
        key = grant_key(number)
        ids = {"factory_id": factories[plan.factory.bw_id].pk, "brand_id": brands[plan.brand].pk}
        replaces = previous if plan.replaces else None
        by = users[plan.granted_by].pk
        rows.append(_row(plan, key, replaces, by, ids["factory_id"], ids["brand_id"]))
        _tell(plan, key, replaces, by, ids, history)
        previous = key
    copy_rows(SharingGrant, GRANT_COLUMNS, rows)


def grant_key(number: int) -> UUID:
    """Return the id of the grant at a position of the plan."""
    return UUID(int=dice("grant", number).getrandbits(128), version=4)


def _keep_papers(
    plans: Sequence[GrantPlan], factories: dict[str, Factory], users: dict[str, User], history: History
) -> None:
    """Store the scans behind consent given on paper, one a factory, and write the events of their recording."""
    first = {plan.factory.bw_id: plan for plan in reversed(plans) if plan.granted_for}
    consents = []
    for bw_id, plan in sorted(first.items()):
        name = PAPER.format(bw_id)
        if not storages["private"].exists(name):
            storages["private"].save(name, ContentFile(SCAN))
        consents.append(
            PaperConsent(
                id=UUID(int=dice("paper", bw_id).getrandbits(128), version=4),
                factory=factories[bw_id],
                document=name,
                content_type="application/pdf",
                sha256=hashlib.sha256(SCAN).hexdigest(),
                signed_by=plan.granted_for,
                signed_on=plan.created_at.date(),
                recorded_by=users[plan.granted_by],
            )
        )
        given = [str(grant_key(n)) for n, one in enumerate(plans) if one.granted_for and one.factory.bw_id == bw_id]
        _record_paper(consents[-1], plan.created_at, given, history)
    PaperConsent.objects.bulk_create(consents)


def _record_paper(consent: PaperConsent, at: datetime, grants: list[str], history: History) -> None:
    said = {"sha256": consent.sha256, "signed_on": consent.signed_on.isoformat(), "grants": grants}
    ids = {"factory_id": consent.factory_id, "subject": consent.pk}
    history.add(at, SharingEvent.PAPER_RECORDED, by=consent.recorded_by_id, **ids, **said)


def load_withheld(factory: Factory, manager: User, brands: dict[str, Brand], at: datetime, history: History) -> None:
    """Write the reports that factory A holds."""
    kept = WithheldReport.objects.bulk_create(
        WithheldReport(
            factory=factory, brand=brands[brand], cycle=cycle, reason=reason, withheld_at=at, withheld_by=manager
        )
        for brand, cycle, reason in KEPT_BACK
    )
    for row in kept:
        ids = {"factory_id": factory.pk, "brand_id": row.brand_id}
        history.add(at, SharingEvent.REPORT_HELD, by=manager.pk, subject=row.pk, cycle=row.cycle, **ids)


def _row(plan: GrantPlan, key: UUID, replaces: UUID | None, by: int, factory: int, brand: int) -> tuple[Any, ...]:
    return (
        key,
        factory,
        brand,
        plan.scope,
        plan.cycles,
        list(plan.cycle_numbers),
        plan.valid_from,
        plan.expires_at,
        plan.purpose,
        plan.hold_days,
        by,
        plan.granted_for,
        PAPER.format(plan.factory.bw_id) if plan.granted_for else "",
        plan.created_at,
        replaces,
        replaces,  # nothing was proposed in between
        plan.ended_at,
        by if plan.ended_at else None,
        plan.end_code,
        plan.end_reason,
    )


def _tell(plan: GrantPlan, key: UUID, replaces: UUID | None, by: int, ids: dict[str, int], history: History) -> None:
    terms = {
        "scope": plan.scope,
        "cycles": plan.cycles,
        "cycle_numbers": list(plan.cycle_numbers),
        "valid_from": plan.valid_from.isoformat(),
        "expires_at": plan.expires_at.isoformat() if plan.expires_at else None,
        "hold_days": plan.hold_days,
        "replaces": str(replaces) if replaces else None,
        "follows": str(replaces) if replaces else None,
    }
    kind = SharingEvent.GRANT_CHANGED if replaces else SharingEvent.GRANT_CREATED
    history.add(plan.created_at, kind, by=by, subject=key, **ids, **terms)
    if plan.ended_at:
        kind = EVENT_OF_END[SharingGrant.End(plan.end_code)]
        history.add(plan.ended_at, kind, by=by, subject=key, scope=plan.scope, **ids)


def load_readings(
    plans: Iterable[ReadingPlan],
    factories: dict[str, Factory],
    brands: dict[str, Brand],
    users: dict[str, User],
) -> None:
    """Write who saw what, oldest first; each download is a copy with a number of its own."""
    copies = count(FIRST_COPY)
    rows = (
        (
            plan.at,
            users[plan.email].pk,
            brands[plan.brand].pk,
            factories[plan.visit.factory.bw_id].pk,
            plan.visit.id,
            plan.visit.cycle,
            plan.visit.version,
            plan.scope,
            plan.action,
            next(copies) if plan.action == "download" else None,
            "pdf" if plan.action == "download" else "",
        )
        for plan in plans
    )
    copy_rows(AccessRecord, RECORD_COLUMNS, rows)
