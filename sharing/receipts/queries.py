"""Grants with the numbers of their receipts."""

from django.db.models import OuterRef, Subquery

from sharing.grants.models import SharingGrantQuerySet
from sharing.receipts.models import Receipt


def with_receipt(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with `receipt`: the number of its newest receipt (None: it predates receipts)."""
    receipts = Receipt.objects.filter(grant=OuterRef("pk"))
    return grants.annotate(receipt=Subquery(receipts.order_by("-pk").values("number")[:1]))


def with_newest_receipt(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with the number and moment of the receipt that the next one will name as the previous.

    These are `newest_receipt` and `newest_receipt_at`.
    """
    receipts = Receipt.objects.filter(grant=OuterRef("pk")).order_by("-pk")
    return grants.annotate(
        newest_receipt=Subquery(receipts.values("number")[:1]),
        newest_receipt_at=Subquery(receipts.values("issued_at")[:1]),
    )
