"""The published roots of the ledger: visible to everybody, who may keep copies of them."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.ledger.days import newest_days
from portal.ledger.roots import CONTENT_TYPE, FILE_NAME, export_roots

SHOWN = 31


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """Show what the ledger is, its newest daily roots, and where to download all of them."""
    return render(request, "ledger/ledger.html", {"days": newest_days(SHOWN)})


@require_GET
def ledger_roots(_request: HttpRequest) -> StreamingHttpResponse:
    """Send the published roots as a file."""
    response = StreamingHttpResponse(export_roots(), content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response
