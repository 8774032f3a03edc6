"""The signed-in user over the API: account, organisations and permissions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts.models import ApiToken, User
from portal.accounts.roles import OrganisationKind, kinds, memberships
from portal.core.api.views import PortalView


class OrganisationSerializer(serializers.Serializer[Any]):
    """One of your organisations, with your roles in it and the permissions of these roles."""

    kind = serializers.ChoiceField(choices=["factory", "brand", "programme"])
    id = serializers.IntegerField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(child=serializers.CharField())


class MeSerializer(serializers.Serializer[Any]):
    """The signed-in user or integration."""

    name = serializers.CharField()
    email = serializers.CharField(allow_blank=True, help_text="Empty for an integration.")
    language = serializers.CharField()
    is_integration = serializers.BooleanField()
    token_expires_at = serializers.DateTimeField(allow_null=True, help_text="When the token of this request expires.")
    organisations = OrganisationSerializer(many=True)


class MeView(PortalView):
    """The signed-in user."""

    serializer_class = MeSerializer

    @extend_schema(responses=MeSerializer, operation_id="me")
    def get(self, request: Request) -> Response:
        """Return your name, roles and permissions.

        If the list of organisations is empty, you have no access to data.
        """
        user, token = self.user, request.auth
        return Response(
            MeSerializer(
                {
                    "name": user.name,
                    "email": "" if user.is_integration else user.email,
                    "language": user.language,
                    "is_integration": user.is_integration,
                    "token_expires_at": token.expiry if isinstance(token, ApiToken) else None,
                    "organisations": [row for kind in kinds.values() for row in organisations_of(user, kind)],
                }
            ).data
        )


def organisations_of(user: User, kind: OrganisationKind) -> list[dict[str, object]]:
    """Return the organisations of one kind that `user` has roles in, by name. One query."""
    found: dict[int, dict[str, Any]] = {}
    for row in memberships(user, kind):
        empty = {"kind": kind.name, "id": row.organisation_id, "name": str(row.organisation)}
        entry = found.setdefault(row.organisation_id, {**empty, "roles": [], "permissions": []})
        entry["roles"].append(row.role)
        entry["permissions"] = sorted({*entry["permissions"], *kind.roles[row.role].permissions})
    return sorted(found.values(), key=lambda entry: (entry["name"], entry["id"]))
