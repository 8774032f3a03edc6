"""The one page of signing in that is more than the library's: setting a password by a link that was mailed."""

from allauth.account import views as allauth
from allauth.account.utils import url_str_to_user_pk
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.debug import sensitive_post_parameters

from portal.accounts.models import User


@sensitive_post_parameters("password1", "password2")
@transaction.atomic
def password_reset_from_key(request: HttpRequest, uidb36: str, key: str) -> HttpResponseBase:
    """Set a new password, once for each link: of several at the same moment the later ones find the link used."""
    if request.method == "POST":
        _lock_account(uidb36)
    response: HttpResponseBase = allauth.password_reset_from_key(request, uidb36=uidb36, key=key)
    return response


def _lock_account(uidb36: str) -> None:
    """Lock the account that the link names, so that the check of the link and the new password are one step."""
    try:
        pk = url_str_to_user_pk(uidb36)
    except (ValueError, ValidationError):
        return
    User.objects.select_for_update().filter(pk=pk).first()
