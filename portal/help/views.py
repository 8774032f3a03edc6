"""The page of help: for everybody, signed in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from factories.offices import own_offices
from portal.help.words import ABOUT_ACCESS, ABOUT_REPORTS


@require_GET
def help_page(request: HttpRequest) -> HttpResponse:
    """Show how access works, what the words mean, and to a factory's people how to reach their country office."""
    context = {
        "groups": [(_("Words about access"), ABOUT_ACCESS), (_("Words about reports"), ABOUT_REPORTS)],
        "offices": own_offices(request.user) if request.user.is_authenticated else [],
    }
    return render(request, "help.html", context)
