"""The list of brands from which a factory chooses whom it shares with: one by a tap, or several by ticks."""

from collections.abc import Collection

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from brands.identity import identities
from brands.models import Brand
from factories.models import Factory
from portal.disclosure.forms import BrandSearch
from portal.ui.forms import NOT_OFFERED, form_status
from sharing.grants.forms.granting import MAX_BRANDS
from sharing.grants.summaries import access_in_short
from sharing.models import AccessRequest, SharingGrant

MOST_LISTED = 100  # brands beside those that are ticked: the search finds the others


def choose_brands(request: HttpRequest, factory: Factory, chosen: Collection[int]) -> HttpResponse:
    """Show the first brands that fit the search; where several are to be ticked, those ticked before come first.

    `chosen`: the keys of those named in the request. An error says what is wrong with them.
    """
    form = BrandSearch(request.GET)
    every = identities(Brand.objects.visible_to(request.user).filter(is_active=True).order_by("name"))
    ticked = [one for one in every if one.brand.pk in chosen]
    found = [one for one in form.narrow(every) if one.brand.pk not in chosen]
    context = {
        "factory": factory,
        "form": form,
        "rows": [*ticked, *found[:MOST_LISTED]],
        "not_listed": len(found[MOST_LISTED:]),
        "chosen": chosen,
        "several": "several" in request.GET or request.method == "POST",
        "error": _error(request, chosen),
        **_standing(request, factory),
    }
    return render(request, "disclosure/grant_brands.html", context, status=form_status(request))


def _error(request: HttpRequest, chosen: Collection[int]) -> str:
    if len(chosen) > MAX_BRANDS:
        return _("Choose up to %s brands at a time.") % MAX_BRANDS
    if request.method == "POST" and chosen:
        return str(NOT_OFFERED)
    return _("Choose at least one brand.") if request.method == "POST" or "go" in request.GET else ""


def _standing(request: HttpRequest, factory: Factory) -> dict[str, object]:
    """Return the brands that have access or will have it, by key, each with which of the two; and those that ask."""
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory).not_ended()
    asked = AccessRequest.objects.inside(request.user).undecided().filter(factory=factory)
    return {
        "access": access_in_short(grants.order_by()),
        "requests": dict(asked.order_by().values_list("brand", "pk")),
    }
