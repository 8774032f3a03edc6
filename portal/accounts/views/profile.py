"""One's own account."""

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from portal.accounts.forms import ProfileForm
from portal.accounts.models import User
from portal.accounts.profiles import update_profile
from portal.accounts.roles import kinds, memberships
from portal.ui.forms import form_status, posted, refusals_on


@login_required
@require_http_methods(["GET", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """Show one's own name and language, and the organisations that one belongs to."""
    # A copy: the form writes what was typed into it, right or wrong, and the page shows the visitor's name.
    person = User.objects.get(pk=cast("User", request.user).pk)
    form = ProfileForm(posted(request), instance=person)
    if form.is_valid():
        with refusals_on(form):
            update_profile(by=cast("User", request.user), **form.cleaned_data)
            return _saved(request, form.cleaned_data["language"])
    context = {"form": form, "places": _places(person)}
    return render(request, "accounts/me.html", context, status=form_status(request))


def choose_language(request: HttpRequest) -> HttpResponse:
    """Switch the language of every page: kept by the browser, and for signed-in people in the account (their mails)."""
    response: HttpResponse = set_language(request)
    language = request.POST.get("language", "")
    if request.method == "POST" and request.user.is_authenticated and language in dict(settings.LANGUAGES):
        update_profile(by=request.user, language=language)
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


def _saved(request: HttpRequest, language: str) -> HttpResponse:
    """Return to the page in the new language: what the browser chose before no longer counts."""
    with override(language):
        messages.success(request, _("Your profile was saved."))
    response = redirect("me")
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    return response


def _places(person: User) -> list[dict[str, object]]:
    """Return the organisations one belongs to, with the role's label."""
    return [
        {"kind": kind, "organisation": row.organisation, "role": kind.roles[row.role].label}
        for kind in kinds.values()
        for row in memberships(person, kind)
        if row.role in kind.roles
    ]
