"""Receipts over the API, with their inclusion proofs, and the published roots of the ledger."""

from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from factories.models import Factory
from portal.core.api.views import DetailView, ListView, PortalView
from portal.ledger.models import LedgerDay
from sharing.models import Receipt
from sharing.receipts.models import ReceiptQuerySet
from sharing.receipts.numbers import normalised
from sharing.receipts.proof import proof_of
from sharing.receipts.serializers import (
    DaySerializer,
    ReceiptDetailSerializer,
    ReceiptProofSerializer,
    ReceiptQuery,
    ReceiptSerializer,
)
from sharing.records.services import settle


class ReceiptRows(PortalView):
    """The receipts that the asker may see."""

    def rows(self) -> ReceiptQuerySet:
        """Each with `from_inside`: whether the asker sees it from the factory's side."""
        inside = Q(factory__in=Factory.objects.inside(self.user).values("pk"))
        rows = Receipt.objects.visible_to(self.user).annotate(from_inside=inside)
        return rows.select_related("factory__programme", "brand")


class ReceiptListView(ReceiptRows, ListView):
    """Receipts, newest first."""

    serializer_class = ReceiptSerializer
    query_class = ReceiptQuery
    keyset_order = ("-id",)

    def rows(self) -> ReceiptQuerySet:
        """Return the receipts that match all filters."""
        asked = {name: self.query[name] for name in ("factory", "brand", "grant", "kind") if name in self.query}
        return super().rows().filter(**asked)


class OneReceipt(ReceiptRows, DetailView):
    """What concerns the receipt of the address."""

    def row(self) -> Receipt:
        """Return the receipt of the address; to a brand, this settles the grant. Raises 404."""
        rows = self.rows().select_related("grant")
        receipt: Any = get_object_or_404(rows, number=normalised(self.kwargs["number"]) or None)
        if not receipt.from_inside:
            settle([receipt.grant])
        return receipt


class ReceiptDetailView(OneReceipt):
    """One receipt with its signed document."""

    serializer_class = ReceiptDetailSerializer


class ReceiptProofView(OneReceipt):
    """The proof that a receipt is in the sealed ledger, for everyone who can see the receipt."""

    serializer_class = ReceiptProofSerializer

    def get(self, request: Request, **kwargs: object) -> Response:
        """Return the proof that the receipt is in the sealed ledger.

        It exists once the receipt is sealed, within ten minutes.
        """
        receipt = self.row()
        proof = proof_of(receipt)
        found = {
            "number": receipt.number,
            "is_sealed": proof is not None,
            "is_published": proof is not None and proof.day is not None,
            "proof": proof.as_document() if proof else None,
        }
        return Response(self.get_serializer(found).data)


class DayListView(ListView):
    """The published daily roots of the ledger, newest first."""

    serializer_class = DaySerializer
    keyset_order = ("-day",)

    def rows(self) -> QuerySet[LedgerDay]:
        """Return the published daily roots. They are public."""
        return LedgerDay.objects.all()
