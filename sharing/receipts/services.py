"""The making of receipts: one for every grant, change, confirmation and end, in the same transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from portal.accounts.models import User
from portal.core.signing import sign_all
from sharing.models import Receipt, SharingGrant
from sharing.receipts.numbers import draw_number
from sharing.receipts.payload import TYPE, Act, payload_of


@dataclass(frozen=True)
class Earlier:
    """The receipt before another one."""

    number: str
    issued_at: datetime


def kind_of_start(grant: SharingGrant) -> Receipt.Kind:
    """Return the kind of receipt for a grant that begins, as a new one or in place of another."""
    if not grant.is_confirmed:
        return Receipt.Kind.PROPOSED
    return Receipt.Kind.CHANGED if grant.replaces_id else Receipt.Kind.GRANTED


def kind_of_end(grant: SharingGrant) -> Receipt.Kind:
    """Return the kind of receipt for a grant that was ended or has expired."""
    return Receipt.Kind.EXPIRED if grant.ended_by_expiry else Receipt.Kind.ENDED


def receipt_of(kind: Receipt.Kind, grant: SharingGrant, *, act: Act, previous: Earlier | None) -> Receipt:
    """Return a receipt of a grant as it is now, neither signed nor written yet."""
    number, now = draw_number(), _not_before(grant, previous)
    earlier = previous.number if previous else None
    payload, disclosed = payload_of(number=number, kind=kind, grant=grant, act=act, issued_at=now, previous=earlier)
    return Receipt(
        number=number,
        kind=kind,
        grant=grant,
        factory_id=grant.factory_id,
        brand_id=grant.brand_id,
        payload=payload,
        disclosed=disclosed,
        issued_at=now,
    )


def _not_before(grant: SharingGrant, previous: Earlier | None) -> datetime:
    """Return now, but never before the act or the previous receipt, in case the clock has gone back."""
    moments = (grant.created_at, grant.confirmed_at, grant.ended_at, previous.issued_at if previous else None)
    return max(timezone.now(), *(moment for moment in moments if moment is not None))


def issue(receipts: Sequence[Receipt], *, by: User | None) -> None:
    """Sign receipts and write them, in the order given; `by` is the actor (None: the portal itself)."""
    for receipt, jws in zip(receipts, sign_all(TYPE, (one.payload for one in receipts)), strict=True):
        receipt.actor, receipt.jws = by, jws
    Receipt.objects.bulk_create(receipts)
