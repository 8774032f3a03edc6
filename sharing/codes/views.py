"""Short codes: the printable pages that bear one, and where a typed or scanned one leads.

A code opens nothing by itself: whoever uses it signs in, and then finds what their own rights open.
"""

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from factories.models import Factory
from factories.rights import member_may
from portal.ui.forms import REFUSED, posted
from sharing.codes.queries import id_range, short_code
from sharing.gates.pages import grant_to_decide, request_seen
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.forms import CodeForm


@login_required
@require_GET
def request_print(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a request for printing, with the code that leads to its decision on another device."""
    found = request_seen(request, pk)
    context = {"found": found, "factory": found.factory, **_code(found.pk)}
    return render(request, "codes/request_print.html", context)


@login_required
@require_GET
def grant_print(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a grant for printing, with the code that leads to the page that stops it."""
    found = grant_to_decide(request, pk)
    return render(request, "codes/grant_print.html", {"grant": found, "factory": found.factory, **_code(found.pk)})


def _code(pk: UUID) -> dict[str, str]:
    code = short_code(pk)
    return {
        "code": code,
        "code_url": settings.BASE_URL + reverse("short_code", args=[code]),
        "entry_url": settings.BASE_URL + reverse("code_entry"),
    }


@login_required
@require_http_methods(["GET", "POST"])
def code_entry(request: HttpRequest) -> HttpResponse:
    """Show the form for typing in a code from a printed page; lead to what the code names."""
    form = CodeForm(posted(request))
    if form.is_valid():
        if address := _address(request, form.cleaned_data["code"]):
            return redirect(address)
        form.add_error(
            "code", _("This code does not exist, or it is not meant for you. Compare each character with the page.")
        )
    return render(request, "codes/code_entry.html", {"form": form}, status=REFUSED if form.is_bound else 200)


@login_required
@require_GET
def code(request: HttpRequest, code: str) -> HttpResponse:
    """Redirect to where a scanned code leads; 404 where it names nothing that the visitor may see."""
    address = _address(request, code)
    if address is None:
        raise Http404
    return redirect(address)


def _address(request: HttpRequest, code: str) -> str | None:
    """Return the page of the request or grant that a code names, if the visitor may see it."""
    ids = id_range(code)
    if ids is None:
        return None
    found = AccessRequest.objects.visible_to(request.user).filter(pk__range=ids).first()
    if found is not None:
        return reverse("access_request", args=[found.pk])
    grant = SharingGrant.objects.visible_to(request.user).filter(pk__range=ids).first()
    if grant is None:
        return None
    if member_may(request.user, "manage_sharing", grant.factory_id):
        return reverse("grant_revoke", args=[grant.pk])
    inside = Factory.objects.visible_to(request.user).filter(pk=grant.factory_id).exists()
    return reverse("factory_brand", args=[grant.factory_id, grant.brand_id]) if inside else reverse("shared_list")
