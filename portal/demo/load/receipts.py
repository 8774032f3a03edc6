"""The demo's receipts, dated when their grants began and ended, and the first seal over all of its history."""

from datetime import datetime
from uuid import UUID

from portal.core.signing import sign_all
from portal.ledger.sealing import seal_new_rows
from sharing.models import Receipt, SharingGrant
from sharing.receipts.numbers import draw_number
from sharing.receipts.payload import TYPE, Act, payload_of


def load_receipts() -> int:
    """Write a receipt for each beginning and each end of a grant, oldest first; return how many."""
    grants = SharingGrant.objects.select_related("factory", "brand", "granted_by", "ended_by")
    told = [(grant.created_at, _beginning(grant), grant) for grant in grants]
    told += [(grant.ended_at, Receipt.Kind.ENDED, grant) for grant in grants if grant.ended_at]
    newest: dict[UUID | None, str] = {}
    receipts = []
    for at, kind, grant in sorted(told, key=lambda one: (one[0], str(one[2].pk))):
        previous = newest.get(grant.pk) or newest.get(grant.replaces_id)
        receipts.append(_receipt(at, kind, grant, previous))
        newest[grant.pk] = receipts[-1].number
    for receipt, jws in zip(receipts, sign_all(TYPE, (receipt.payload for receipt in receipts)), strict=True):
        receipt.jws = jws
    return len(Receipt.objects.bulk_create(receipts, batch_size=500))


def _beginning(grant: SharingGrant) -> str:
    if grant.needs_confirmation and grant.confirmed_at is None:
        return Receipt.Kind.PROPOSED
    return Receipt.Kind.CHANGED if grant.replaces_id else Receipt.Kind.GRANTED


def _receipt(at: datetime, kind: str, grant: SharingGrant, previous: str | None) -> Receipt:
    """Return a receipt, not yet signed. What a grant says of its end is only in the receipt of its end."""
    by = grant.ended_by if kind == Receipt.Kind.ENDED else grant.granted_by
    side, role = ("programme", "staff") if grant.granted_for else ("factory", "manager")
    number = draw_number()
    ended = grant.ended_at, grant.end_code, grant.end_reason
    if kind != Receipt.Kind.ENDED:
        grant.ended_at, grant.end_code, grant.end_reason = None, "", ""
    act = Act(side, role, by.name if by else "")
    payload, disclosed = payload_of(number=number, kind=kind, grant=grant, act=act, issued_at=at, previous=previous)
    grant.ended_at, grant.end_code, grant.end_reason = ended
    return Receipt(
        number=number,
        kind=kind,
        grant=grant,
        factory_id=grant.factory_id,
        brand_id=grant.brand_id,
        actor=by,
        payload=payload,
        disclosed=disclosed,
        issued_at=at,
    )


def seal_history() -> int:
    """Seal everything that the demo wrote; return how many seals that took."""
    return len(seal_new_rows(begins_with_history=True))
