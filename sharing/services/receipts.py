"""Issuing receipts: one for every grant, change, confirmation and end, in the transaction of what it tells of."""

from datetime import datetime

from django.utils import timezone

from factories.roles import FACTORY
from portal.accounts.models import User
from portal.accounts.roles import role_of
from portal.core.signing import sign
from sharing.models import Receipt, SharingGrant
from sharing.receipts.numbers import draw_number
from sharing.receipts.payload import Act, payload_of

OWN_ROLES = ("manager", "worker_representative", "member")


def issue_for_start(*, grant: SharingGrant, by: User) -> Receipt:
    """The receipt of a grant that begins, anew or in the place of another one."""
    if grant.needs_confirmation and grant.confirmed_at is None:
        kind = Receipt.Kind.PROPOSED
    else:
        kind = Receipt.Kind.CHANGED if grant.replaces_id else Receipt.Kind.GRANTED
    return _issue(kind, grant, by)


def issue_for_confirmation(*, grant: SharingGrant, by: User) -> Receipt:
    """The receipt of the second person's yes, from which on the grant counts."""
    return _issue(Receipt.Kind.CONFIRMED, grant, by)


def issue_for_end(*, grant: SharingGrant, by: User | None) -> Receipt:
    """The receipt of a grant that was ended, by whomever and for whatever reason, or whose period was over."""
    is_over = grant.expires_at is not None and grant.ended_at is not None and grant.expires_at <= grant.ended_at
    return _issue(Receipt.Kind.EXPIRED if is_over else Receipt.Kind.ENDED, grant, by)


def _issue(kind: str, grant: SharingGrant, by: User | None) -> Receipt:
    before = Receipt.objects.filter(grant__in=[pk for pk in (grant.pk, grant.replaces_id) if pk])
    previous = before.order_by("-pk").only("number", "issued_at").first()
    number, now = draw_number(), _not_before(grant, previous)
    payload, disclosed = payload_of(
        number=number,
        kind=kind,
        grant=grant,
        act=_act(grant, by),
        issued_at=now,
        previous=previous.number if previous else None,
    )
    signed = sign(payload)
    return Receipt.objects.create(
        number=number,
        kind=kind,
        grant=grant,
        factory_id=grant.factory_id,
        brand_id=grant.brand_id,
        actor=by,
        payload=payload,
        disclosed=disclosed,
        key_id=signed.key_id,
        signature=signed.signature,
        issued_at=now,
    )


def _not_before(grant: SharingGrant, previous: Receipt | None) -> datetime:
    """Now, but never before what it tells of or the receipt before it, should the clock have gone back."""
    moments = (grant.created_at, grant.confirmed_at, grant.ended_at, previous.issued_at if previous else None)
    return max(timezone.now(), *(moment for moment in moments if moment is not None))


def _act(grant: SharingGrant, by: User | None) -> Act:
    """For which side and in which role `by` acted; nobody: the portal did it."""
    if by is None:
        return Act("portal", "automatic", "")
    held = role_of(by, FACTORY, grant.factory)
    role = next((role for role in OWN_ROLES if role in held), "")
    return Act("factory", role, by.name) if role else Act("programme", "staff", by.name)
