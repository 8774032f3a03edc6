"""The page of help: for everybody, signed in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from portal.help.words import ABOUT_ACCESS, ABOUT_REPORTS


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Show how access works and what the words mean."""
    groups = [(_("Words about access"), ABOUT_ACCESS), (_("Words about reports"), ABOUT_REPORTS)]
    return render(request, "help.html", {"groups": groups})
