"""The settings of django-allauth here: accounts are made by invitation only."""

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from portal.core.client_address import client_address
from portal.core.mails import send_or_keep


class InvitationOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """An adapter without a sign-up form: the way in is a link that a manager or the programme's staff sent."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, object]) -> None:
        """Send a mail that names this portal by `BASE_URL`, also from a command or a worker, where there is no request.

        If the mail server is unavailable, the person who asked sees no difference: the mail leaves when it is back.
        """
        host = urlsplit(settings.BASE_URL).netloc
        site = {"current_site": {"domain": host, "name": host}, "email": email}
        send_or_keep(self.render_mail(template_prefix, email, {**site, **context}))

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of a reset mail: always at `BASE_URL`, whatever host the request named."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return settings.BASE_URL + path

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that the limits of sign-in and reset count."""
        return client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: object) -> AbstractBaseUser | None:
        """Return the account with these credentials, or None: for a closed account, too, as with a wrong password."""
        account: AbstractBaseUser | None = super().authenticate(request, **credentials)
        return account if account is not None and account.is_active else None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return False always."""
        return False
