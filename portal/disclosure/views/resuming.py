"""Sharing again what was stopped, on the old terms: the brands, then what opens for each, then it happens."""

from collections.abc import Collection, Iterable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from brands.models import Brand
from factories.models import Factory
from portal.core.changed import HasChangedError
from portal.core.drawn import MAX_ID
from portal.core.turns import one_at_a_time
from portal.disclosure.resuming import resumptions, stopped_brands
from portal.disclosure.views.answering import brand_seen
from portal.ui.forms import REFUSED, STALE
from sharing.gates.pages import about, factory_inside, person, require_decider, uuids
from sharing.grants.forms.granting import MAX_BRANDS
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.granting import share_again
from sharing.models import SharingGrant
from sharing.terms import Status


@login_required
@require_http_methods(["GET", "POST"])
@one_at_a_time
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was stopped; for the brands that were chosen, what sharing again opens; then share it again."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    if request.method == "POST":
        return _resume(request, factory)
    chosen = _brand_ids(request.GET.getlist("brand"))
    if not chosen or len(chosen) > MAX_BRANDS:
        return _choose(request, factory, chosen)
    return _summary(request, factory, chosen)


def _brand_ids(texts: Iterable[str]) -> list[int]:
    """Return those of `texts` that can be the key of a brand; the others are ignored."""
    return sorted(
        {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_ID))}
    )


def _choose(request: HttpRequest, factory: Factory, chosen: Collection[int]) -> HttpResponse:
    error = ""
    if len(chosen) > MAX_BRANDS:
        error = _("Choose up to %s brands at a time.") % MAX_BRANDS
    elif "chosen" in request.GET:
        error = _("Choose at least one brand.")
    brands = stopped_brands(by=person(request), factory=factory)
    context = {"factory": factory, "brands": brands, "chosen": chosen, "error": error}
    return render(request, "disclosure/stopped.html", context)


def _summary(
    request: HttpRequest, factory: Factory, chosen: Collection[int], error: str = "", status: int = 200
) -> HttpResponse:
    """Return the page that says brand by brand what opens. All of it is ticked, or what was ticked before."""
    brands = resumptions(by=person(request), factory=factory, brand_ids=chosen)
    ticked = uuids(request.POST.getlist("grants")) if request.method == "POST" else None
    context = {
        "factory": factory,
        "brands": brands,
        "can_resume": any(one.can_resume for one in brands),
        "ticked": [grant.pk for one in brands for grant in one.grants] if ticked is None else ticked,
        "error": error,
        "hidden": [*(("brand", key) for key in chosen), ("seen", _seen(request, chosen))],
    }
    return render(request, "disclosure/resume.html", context, status=status)


def _seen(request: HttpRequest, brand_ids: Collection[int]) -> str:
    """Return a digest of the brands as shown: a factory consents to a name."""
    brands = Brand.objects.visible_to(request.user).filter(pk__in=brand_ids).order_by("pk")
    return ".".join(brand_seen(brand) for brand in brands)


def _resume(request: HttpRequest, factory: Factory) -> HttpResponse:
    chosen = _brand_ids(request.POST.getlist("brand"))[:MAX_BRANDS]
    grants = _ticked(request, factory, chosen)
    if not grants:
        return _summary(request, factory, chosen, _("Tick what you want to share again."), REFUSED)
    if request.POST.get("seen") != _seen(request, chosen):
        text = _("Something has changed since you opened the page. Check it again.")
        return _summary(request, factory, chosen, text, STALE)
    try:
        new = share_again(by=person(request), factory=factory, grants=grants)
    except ValidationError as error:
        status = STALE if isinstance(error, HasChangedError) else REFUSED
        return _summary(request, factory, chosen, " ".join(error.messages), status)
    return _done(request, factory, new)


def _ticked(request: HttpRequest, factory: Factory, chosen: Collection[int]) -> SharingGrantQuerySet:
    """Return the ended grants that were ticked, of the brands that the page showed."""
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory, brand__in=chosen)
    ticked = grants.filter(pk__in=uuids(request.POST.getlist("grants")), ended_at__isnull=False)
    return ticked.order_by("brand__name", "brand", "scope")


def _done(request: HttpRequest, factory: Factory, new: list[SharingGrant]) -> HttpResponse:
    brands = list(dict.fromkeys(grant.brand for grant in new))
    waits = any(grant.status() is Status.UNCONFIRMED for grant in new)
    receipts = reverse("factory_receipts", args=[factory.pk])
    text = format_html('{} <a href="{}">{}</a>', _said(factory, brands, waits=waits), receipts, _("Receipts"))
    messages.success(request, text)
    if len(brands) == 1:
        return redirect("factory_brand", factory.pk, brands[0].pk)
    state = "?state=waiting" if waits else ""
    return redirect(reverse("factory_brands", args=[factory.pk]) + state)


def _said(factory: Factory, brands: list[Brand], *, waits: bool) -> str:
    words = {"factory": factory, "brands": ", ".join(brand.name for brand in brands)}
    if waits:
        return _("%(factory)s will share with %(brands)s as soon as a worker representative has confirmed it.") % words
    text = ngettext("Shared again with %(count)s brand.", "Shared again with %(count)s brands.", len(brands))
    return about(factory, text % {"count": len(brands)})
