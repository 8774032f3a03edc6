"""Receipts, their inclusion proofs and published roots over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery
from portal.core.drawn import MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer
from sharing.models import Receipt
from sharing.receipts.document import document_of


class ReceiptSerializer(serializers.Serializer[Any]):
    """One receipt, without its document."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=Receipt.Kind.values)
    factory = FactoryBriefSerializer()
    brand = BrandBriefSerializer()
    grant = serializers.UUIDField(source="grant_id")
    issued_at = serializers.DateTimeField()


class ReceiptDetailSerializer(ReceiptSerializer):
    """One receipt with its document, an SD-JWT (docs/receipts.md); only the factory's side gets disclosures."""

    document = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_document(self, receipt: Any) -> dict[str, object]:
        """Return what proves itself."""
        return document_of(receipt, from_inside=receipt.from_inside)


class ReceiptQuery(PageQuery):
    """Filters of a list of receipts."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    brand = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    grant = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(required=False, choices=Receipt.Kind.values)


class ReceiptProofSerializer(serializers.Serializer[Any]):
    """A receipt's inclusion proof (docs/receipts.md). `proof` is null until the receipt is sealed."""

    number = serializers.CharField()
    is_sealed = serializers.BooleanField()
    is_published = serializers.BooleanField(help_text="true if the proof leads to a published daily root.")
    proof = serializers.JSONField(allow_null=True)


class DaySerializer(serializers.Serializer[Any]):
    """The published root of the ledger for one day."""

    day = serializers.DateField()
    jws = serializers.CharField(help_text="The root, as it was signed: a compact JWS (docs/receipts.md).")
