"""Subscriptions over the API: what participants bought, as the country's staff recorded it. No prices are kept."""

from typing import Any

from rest_framework import serializers

from brands.models import Brand
from factories.models import CountryProgramme, Factory
from factories.serializers import FactoryBriefSerializer
from portal.core.api import PageQuery, StrictSerializer
from portal.core.drawn import MAX_ID
from sharing.grants.serializers.grants import BrandBriefSerializer
from sharing.models import Subscription
from sharing.terms import MAX_CYCLE


class SubscriptionSerializer(serializers.Serializer[Any]):
    """One report, by factory and cycle, that a participant bought.

    It is in force from `recorded_at` until `ended_at`, and only where the country requires subscriptions. Its `id`, who
    recorded and withdrew it, and the reason are null for the brand: ids would reveal how much other brands bought.
    """

    id = serializers.SerializerMethodField(help_text="The id for withdrawing it. null for a brand.")
    brand = BrandBriefSerializer()
    factory = FactoryBriefSerializer()
    cycle = serializers.IntegerField()
    bought_on = serializers.DateField(help_text="The day of purchase, as reported to the staff.")
    recorded_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="When it was withdrawn. null: it is in force.")
    recorded_by = serializers.SerializerMethodField(help_text="The name of the user who recorded it. null for a brand.")
    ended_by = serializers.SerializerMethodField(help_text="The name of the user who withdrew it. null for a brand.")
    end_reason = serializers.SerializerMethodField(help_text="The reason for withdrawing it. null for a brand.")

    def get_id(self, found: Subscription) -> int | None:
        """Return the id; null for a brand."""
        return found.pk if self._is_for_staff() else None

    def get_recorded_by(self, found: Subscription) -> str | None:
        """Return the name; null for a brand."""
        return found.recorded_by.name if self._is_for_staff() else None

    def get_ended_by(self, found: Subscription) -> str | None:
        """Return the name; null for a brand."""
        return found.ended_by.name if self._is_for_staff() and found.ended_by else None

    def get_end_reason(self, found: Subscription) -> str | None:
        """Return the reason; null for a brand."""
        return found.end_reason if self._is_for_staff() else None

    def _is_for_staff(self) -> bool:
        return bool(self.context["view"].is_for_staff)


class BrandSubscriptionQuery(PageQuery):
    """Filters of a brand's list of subscriptions."""

    factory = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    cycle = serializers.IntegerField(required=False, min_value=1, max_value=MAX_CYCLE)
    search = serializers.CharField(required=False, max_length=100, help_text="Words from a name, or a Better Work ID.")
    withdrawn = serializers.BooleanField(required=False, allow_null=True, default=None)


class SubscriptionQuery(BrandSubscriptionQuery):
    """Filters of a country's list of subscriptions."""

    brand = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class SubscriptionOrder(StrictSerializer):
    """A participant's purchase: ids of the brand and of a factory of the country, the cycle and the day."""

    brand = serializers.PrimaryKeyRelatedField(queryset=Brand.objects.none())
    factory = serializers.PrimaryKeyRelatedField(queryset=Factory.objects.none())
    cycle = serializers.IntegerField(min_value=1, max_value=MAX_CYCLE)
    bought_on = serializers.DateField()

    def get_fields(self) -> "dict[str, serializers.Field[object, object, object, object]]":
        """Offer the brands that the asker sees, and the factories of the country of the address."""
        fields = super().get_fields()
        if "programme" in self.context:
            programme: CountryProgramme = self.context["programme"]
            fields["brand"].queryset = Brand.objects.visible_to(self.context["user"])  # type: ignore[attr-defined]
            fields["factory"].queryset = Factory.objects.filter(programme=programme)  # type: ignore[attr-defined]
        return fields


class SubscriptionEnd(StrictSerializer):
    """The reason for withdrawing a subscription."""

    reason = serializers.CharField(max_length=300)
