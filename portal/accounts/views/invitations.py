"""The pages that open an invitation.

The link's secret is checked once and leaves the address bar at once (a redirect), so it reaches no later page, log
or Referer; the session remembers that this browser held the link. Unknown, used, withdrawn, expired and tampered
links all get the same page; of an open invitation whose sender may no longer invite, it says so. Reading a link changes
nothing: mail scanners open links too.
"""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.accepting import find_invitation, is_valid, keep_sides_apart
from portal.accounts.forms import JoinForm
from portal.accounts.joining import accept_as_member, account_of, join, may_begin
from portal.accounts.models import Invitation, User
from portal.accounts.roles import kinds
from portal.ui.forms import form_status, posted, refusals_on

SIGN_IN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _held(invitation_id: UUID) -> str:
    return f"invitation:{invitation_id}"


def _over(request: HttpRequest, found: Invitation | None = None) -> HttpResponse:
    """Say that the link does not work; of an open invitation (`found`), that its sender may no longer invite."""
    return render(request, "accounts/invitation_over.html", {"invitation": found}, status=404)


@require_safe
def invitation(request: HttpRequest, invitation_id: UUID, secret: str) -> HttpResponse:
    """Check the link and go on to the page that answers it, without the secret."""
    if find_invitation(invitation_id, secret) is None:
        response = _over(request)
    else:
        request.session[_held(invitation_id)] = True
        response = redirect("invitation_answer", invitation_id=invitation_id)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def invitation_answer(request: HttpRequest, invitation_id: UUID) -> HttpResponseBase:
    """Join: with a new password, or as the account that has the invited address."""
    found = Invitation.objects.filter(pk=invitation_id).select_related("invited_by").first()
    if found is None or not found.is_open or not request.session.get(_held(invitation_id)):
        return _over(request)
    if not is_valid(found):
        return _over(request, found)
    if request.user.is_authenticated:
        return _as_signed_in(request, found)
    account = account_of(found)
    if may_begin(account):
        return _as_newcomer(request, found)
    if account is None or not account.is_active:
        return _over(request)
    return _sign_in_first(request, found)


def _show(request: HttpRequest, template: str, found: Invitation, status: int, **context: object) -> HttpResponse:
    role = kinds[found.kind].roles[found.role]
    context |= {"invitation": found, "role": role, "settings": settings}
    return render(request, template, context, status=status)


def _sign_in_first(request: HttpRequest, found: Invitation) -> HttpResponse:
    back = reverse("invitation_answer", args=[found.pk])
    sign_in = reverse("account_login") + "?" + urlencode({"next": back})
    return _show(request, "accounts/invitation_sign_in.html", found, 200, sign_in=sign_in)


def _as_signed_in(request: HttpRequest, found: Invitation) -> HttpResponse:
    person = cast("User", request.user)
    if person.email != found.email:
        return _show(request, "accounts/invitation_other_account.html", found, 403)
    keep_sides_apart(person, kinds[found.kind])  # before it offers to join
    if request.method != "POST":
        return _show(request, "accounts/invitation_accept.html", found, 200)
    accept_as_member(invitation=found, by=person)
    request.session.cycle_key()
    return _joined(request, found)


def _as_newcomer(request: HttpRequest, found: Invitation) -> HttpResponse:
    form = JoinForm(posted(request), initial={"name": found.name})
    if form.is_valid():
        name, password = form.cleaned_data["name"], form.cleaned_data["password"]
        person = None
        with refusals_on(form):
            try:
                person = join(invitation=found, name=name, password=password)
            except PermissionDenied:
                return _over(request, None if is_valid(found) else found)
        if person is not None:
            login(request, person, backend=SIGN_IN_BACKEND)
            return _joined(request, found)
    return _show(request, "accounts/invitation_join.html", found, form_status(request), form=form)


def _joined(request: HttpRequest, found: Invitation) -> HttpResponse:
    request.session.pop(_held(found.pk), None)
    messages.success(request, _("Welcome to %s: you are now a member.") % found.organisation_name)
    return redirect("home")
