"""Orders for several brands, what they would do, and when reports open, over the API."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from brands.models import Brand
from portal.core.api import StrictSerializer
from portal.core.drawn import MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer, GrantChange
from sharing.models import Scope, SharingGrant
from sharing.scopes import OFFERED_SCOPES
from sharing.terms import MAX_CYCLE

MAX_BRANDS = 50


class SharingOrder(GrantChange):
    """Access for several brands: the data and the terms."""

    brands = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), min_length=1, max_length=MAX_BRANDS
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=OFFERED_SCOPES), min_length=1, max_length=len(OFFERED_SCOPES)
    )

    def validate_brands(self, value: list[int]) -> list[Brand]:
        """Return the brands, each once, by name, if the asker may see all of them."""
        brands = list(Brand.objects.visible_to(self.context["user"]).filter(pk__in=value).order_by("name"))
        if len(brands) != len(set(value)):
            raise serializers.ValidationError(_("There is no such brand."))
        return brands

    def validate_scopes(self, value: list[str]) -> list[str]:
        """Ids of the brands, each only once."""
        return sorted(set(value))


class RestoreOrder(StrictSerializer):
    """The ended grants to share again, each on its old terms."""

    grants = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MAX_BRANDS * len(OFFERED_SCOPES)
    )

    def validate_grants(self, value: list[UUID]) -> list[SharingGrant]:
        """Return the ended grants of the factory, each once, by the brand's name, if all of them are its grants."""
        rows = SharingGrant.objects.inside(self.context["user"]).filter(factory=self.context["factory"])
        ended = rows.filter(pk__in=value, ended_at__isnull=False).select_related("brand")
        grants = list(ended.order_by("brand__name", "brand", "scope"))
        if len(grants) != len(set(value)):
            raise serializers.ValidationError(_("This factory has no such grant that was ended."))
        return grants


class WithholdOrder(StrictSerializer):
    """The report to hold, and the brand."""

    brand = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    cycle = serializers.IntegerField(min_value=1, max_value=MAX_CYCLE)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")

    def validate_brand(self, value: int) -> Brand:
        """Return the brand, if the asker may see it."""
        brand = Brand.objects.visible_to(self.context["user"]).filter(pk=value).first()
        if brand is None:
            raise serializers.ValidationError(_("There is no such brand."))
        return brand


class LineSerializer(serializers.Serializer[Any]):
    """One report with the kinds of data concerned."""

    assessment = serializers.UUIDField(source="report.pk")
    cycle = serializers.IntegerField(source="report.cycle")
    version = serializers.IntegerField(source="report.version")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.values))
    opens_at = serializers.DateTimeField(source="at", allow_null=True)


class Cycles(serializers.ListField):
    """Numbers of cycles."""

    child = serializers.IntegerField()


class DifferenceSerializer(serializers.Serializer[Any]):
    """The effect of a decision for one brand.

    `cancels`: reports that would have opened later; `upcoming`: cycles in review.
    """

    brand = BrandBriefSerializer()
    opens = LineSerializer(many=True)
    waits = LineSerializer(many=True)
    closes = LineSerializer(many=True)
    cancels = LineSerializer(many=True)
    stays = LineSerializer(many=True)
    withheld = Cycles(help_text="Cycles with a held report.")
    upcoming = Cycles(help_text="Cycles in review.")
    unsubscribed = Cycles(help_text="Cycles without access because there is no subscription.")


class RestorePreviewSerializer(serializers.Serializer[Any]):
    """The effect of sharing one ended grant again."""

    grant = serializers.UUIDField()
    effect = DifferenceSerializer()


class WithheldSerializer(serializers.Serializer[Any]):
    """One cycle's report that is or was held for a brand."""

    id = serializers.IntegerField()
    brand = BrandBriefSerializer()
    cycle = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True)
    withheld_at = serializers.DateTimeField()
    allowed_at = serializers.DateTimeField(allow_null=True)


class BrandOpeningsSerializer(serializers.Serializer[Any]):
    """One brand: the reports that open later, are visible or are held, and the cycles in review that will open."""

    brand = BrandBriefSerializer()
    waiting = LineSerializer(many=True)
    open = LineSerializer(many=True)
    withheld = WithheldSerializer(many=True)
    upcoming = Cycles(help_text="Cycles in review.")
    unsubscribed = Cycles(help_text="Cycles without access because there is no subscription.")
