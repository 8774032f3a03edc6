"""The signed roots of the ledger, for constituents and staff to keep copies of."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from factories.models import CountryProgramme
from portal.core.ledger.roots import CONTENT_TYPE, FILE_NAME, export_roots
from portal.core.ledger.sealing import newest_seals

SHOWN = 20


def may_keep_roots(request: HttpRequest) -> bool:
    """Whoever has a role in a country's programme or the global one: staff and constituents."""
    return CountryProgramme.objects.visible_to(request.user).exists()


@login_required
@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """What the ledger is, its newest seals, and where to download the roots."""
    if not may_keep_roots(request):
        raise Http404
    return render(request, "sharing/ledger.html", {"seals": newest_seals(SHOWN)})


@login_required
@require_GET
def ledger_roots(request: HttpRequest) -> StreamingHttpResponse:
    """The signed roots as a file."""
    if not may_keep_roots(request):
        raise Http404
    response = StreamingHttpResponse(export_roots(), content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response
