"""Receipts over the API, and the signed roots of the ledger."""

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from factories.models import CountryProgramme
from portal.core.api.views import DetailView, ListView, PortalView
from portal.core.ledger.sealing import all_seals
from sharing.models import Receipt
from sharing.querysets import ReceiptQuerySet
from sharing.receipts.numbers import normalised
from sharing.serializers.grants import inside_factories
from sharing.serializers.receipts import ReceiptDetailSerializer, ReceiptQuery, ReceiptSerializer, SealSerializer


class ReceiptRows(PortalView):
    """The receipts that the asker may see."""

    def rows(self) -> ReceiptQuerySet:
        """Each with `from_inside`: whether the asker sees it from the factory's side."""
        inside = Q(factory__in=inside_factories(self.user).values("pk"))
        rows = Receipt.objects.visible_to(self.user)
        rows = rows.annotate(from_inside=ExpressionWrapper(inside, output_field=BooleanField()))
        return rows.select_related("factory__programme", "brand")


class ReceiptListView(ReceiptRows, ListView):
    """Receipts, newest first."""

    serializer_class = ReceiptSerializer
    query_class = ReceiptQuery
    keyset_order = ("-id",)

    def rows(self) -> ReceiptQuerySet:
        """Those that fit everything asked."""
        asked = {name: self.query[name] for name in ("factory", "brand", "grant", "kind") if name in self.query}
        return super().rows().filter(**asked)


class ReceiptDetailView(ReceiptRows, DetailView):
    """One receipt, with the document that proves itself."""

    serializer_class = ReceiptDetailSerializer

    def row(self) -> Any:
        """The receipt of the address. Raises 404."""
        return get_object_or_404(self.rows(), number=normalised(self.kwargs["number"]) or None)


class SealListView(ListView):
    """The signed roots of the ledger, newest first: for constituents and staff."""

    serializer_class = SealSerializer
    keyset_order = ("-number",)

    def rows(self) -> QuerySet[Any]:
        """All of them. Raises 404 for everybody else."""
        if not CountryProgramme.objects.visible_to(self.user).exists():
            raise Http404
        return all_seals()
