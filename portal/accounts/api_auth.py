"""How the API knows who asks: the token of an integration (`Authorization: Token ...`)."""

import re

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.models import ApiToken, User
from portal.core.reader import SIGN_IN, reading_as

SECRET = re.compile(rb"[0-9a-f]{64}")


class IntegrationTokenAuthentication(TokenAuthentication):  # type: ignore[misc]
    """Knox, noting when a token was last used (at most once a minute).

    A token that expired is refused and kept: its brand's manager sees that, and when, it ran out.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the integration's account and its token, None without a token."""
        with reading_as(SIGN_IN):
            return super().authenticate(request)

    def authenticate_credentials(self, token: bytes) -> tuple[User, ApiToken]:
        """Return the integration's account and its token. Raises 401 for what is no token, or none of ours."""
        if not SECRET.fullmatch(token):
            raise AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(token)

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        """Return the integration's account. Raises 401 when it is closed."""
        now = timezone.now()
        if auth_token.last_used_at is None or (now - auth_token.last_used_at).total_seconds() > 60:
            ApiToken.objects.filter(pk=auth_token.pk).update(last_used_at=now)
        return super().validate_user(auth_token)

    def _cleanup_token(self, auth_token: ApiToken) -> bool:
        return auth_token.expiry is not None and auth_token.expiry <= timezone.now()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The OpenAPI description of the token."""

    target_class = "portal.accounts.api_auth.IntegrationTokenAuthentication"
    name = "integrationToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return an API key in the `Authorization` header, prefixed with `Token`."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <secret>`: a brand's manager creates it under Integrations.",
        }
