"""Brands, their suppliers and the tokens of their integrations over the API."""

from typing import Any

from rest_framework import serializers

from brands.models import Brand, Supplier
from brands.roles import OFFERED_INTEGRATIONS
from portal.accounts.models import ApiToken
from portal.core.api import PageQuery, StrictSerializer


class BrandSerializer(serializers.ModelSerializer[Brand]):
    """A brand. The programme's staff have checked its name, because factories rely on it when they consent."""

    website = serializers.CharField(help_text="A web address, or empty.")

    class Meta:
        model = Brand
        fields = ["id", "name", "kind", "website", "country", "is_active"]
        read_only_fields = fields


class BrandQuery(PageQuery):
    """Filters of a list of brands."""

    search = serializers.CharField(required=False, max_length=100, help_text="Part of the name.")
    kind = serializers.ChoiceField(required=False, choices=Brand.Kind.values)


class SupplierSerializer(serializers.ModelSerializer[Supplier]):
    """One row of a brand's supplier list, as written by the brand."""

    class Meta:
        model = Supplier
        fields = [
            "id",
            "name",
            "country",
            "address",
            "sector",
            "bw_id",
            "os_hub_id",
            "latitude",
            "longitude",
            "added_at",
        ]
        read_only_fields = fields


class SupplierQuery(PageQuery):
    """Filters of a supplier list."""

    search = serializers.CharField(required=False, max_length=100, help_text="Part of the name.")


class TokenSerializer(serializers.Serializer[Any]):
    """A token of an integration, without its secret.

    `id` is the id of the integration. Expired tokens remain listed.
    """

    id = serializers.IntegerField(source="user_id")
    name = serializers.CharField()
    roles = serializers.SerializerMethodField(help_text="Data that the integration may read.")
    created_at = serializers.DateTimeField(source="created")
    expires_at = serializers.DateTimeField(source="expiry")
    last_used_at = serializers.DateTimeField(allow_null=True)

    def get_roles(self, token: ApiToken) -> list[str]:
        """Return the roles of the integration in the brand."""
        return sorted(group.brandrole.role for group in token.user.groups.all())


class NewTokenSerializer(TokenSerializer):
    """A new token with its secret, which is shown only once."""

    secret = serializers.CharField(help_text="Send it as `Authorization: Token <secret>`. It is not shown again.")


class TokenOrder(StrictSerializer):
    """A new token: its name, the data it may read, and its number of days."""

    name = serializers.CharField(max_length=80)
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=OFFERED_INTEGRATIONS), min_length=1, max_length=len(OFFERED_INTEGRATIONS)
    )
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)
