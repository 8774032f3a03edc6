"""Sharing again what was stopped, on the old terms: the brands, then what opens for each, then it happens."""

from collections.abc import Collection, Iterable, Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from brands.models import Brand
from factories.models import Factory
from portal.core.changed import HasChangedError
from portal.core.listing import joined
from portal.core.turns import one_at_a_time
from portal.disclosure.resuming import StoppedBrand, resumptions, stopped_brands
from portal.disclosure.sheets import Seen, compared_and_decided, history_seen, in_a_sentence, only_looks, seal, seen_by
from portal.ui.forms import REFUSED, STALE, form_status
from sharing.gates.pages import about, factory_inside, keys, person, require_decider, uuids
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
        with compared_and_decided(request, pk) as is_locked:
            factory = factory_inside(request, pk) if is_locked else factory
            return _sent(request, factory, keys(request.POST.getlist("brand")))
    chosen = keys(request.GET.getlist("brand"))
    if not chosen or len(chosen) > MAX_BRANDS:
        return _choose(request, factory, chosen)
    return _summary(request, factory, resumptions(by=person(request), factory=factory, brand_ids=chosen))


def _choose(request: HttpRequest, factory: Factory, chosen: Collection[int]) -> HttpResponse:
    """Return the list of what was stopped, to tick; what is ticked is said below it."""
    error = ""
    if len(chosen) > MAX_BRANDS:
        error = _("Choose up to %s brands at a time.") % MAX_BRANDS
    elif request.method == "POST":
        error = _("Choose at least one brand.")
    brands = stopped_brands(by=person(request), factory=factory)
    context = {"factory": factory, "brands": brands, "chosen": chosen, "error": error}
    return render(request, "disclosure/stopped.html", context, status=form_status(request))


def _summary(
    request: HttpRequest, factory: Factory, brands: Sequence[StoppedBrand], error: str = "", status: int = 200
) -> HttpResponse:
    """Return the page that says brand by brand what opens. All of it is ticked, or what was ticked before."""
    context = {**_shown(request, factory, brands), "error": error}
    if only_looks(request):
        return render(request, "disclosure/parts/resume_followed.html", context)
    return render(request, "disclosure/resume.html", context, status=status)


def _shown(request: HttpRequest, factory: Factory, brands: Sequence[StoppedBrand]) -> dict[str, object]:
    again = [one for one in brands if one.can_resume]
    effects = [one.effect for brand in again for one in brand.resumptions if one.effect is not None]
    ticked = uuids(request.POST.getlist("grants")) if "seen" in request.POST else None
    return {
        "factory": factory,
        "brands": brands,
        "can_resume": bool(again),
        "sentence": in_a_sentence([one.sentence for one in again], effects),
        "ticked": [grant.pk for one in brands for grant in one.grants] if ticked is None else ticked,
        "hidden": [*(("brand", one.brand.pk) for one in brands), ("seen", seal_of_resuming(brands))],
        "seen": seal_of_resuming(brands),
    }


def seal_of_resuming(brands: Iterable[StoppedBrand]) -> str:
    """Return the seal of sharing again what was stopped of these brands."""
    shown = [
        [one.brand, history_seen(one.position), [[again.stopped.pk, again.effect] for again in one.resumptions]]
        for one in brands
    ]
    return seal("resume", shown)


def _sent(request: HttpRequest, factory: Factory, chosen: Sequence[int]) -> HttpResponse:
    """Share again what was ticked, if what that does was shown; show it first if not."""
    if (not chosen or len(chosen) > MAX_BRANDS) and not only_looks(request):
        return _choose(request, factory, chosen)
    by = person(request)
    brands = resumptions(by=by, factory=factory, brand_ids=chosen[:MAX_BRANDS])
    if "seen" not in request.POST or only_looks(request):
        return _summary(request, factory, brands)
    grants = _ticked(request, factory, chosen)
    if not grants:
        return _summary(request, factory, brands, _("Tick what you want to share again."), REFUSED)
    if _is_left(brands, grants) and seen_by(request, seal_of_resuming(brands)) is not Seen.SAME:
        text = _("Something has changed since you opened the page. Check it again.")
        return _summary(request, factory, brands, text, STALE)
    try:
        new = share_again(by=by, factory=factory, grants=grants)
    except ValidationError as error:
        status = STALE if isinstance(error, HasChangedError) else REFUSED
        return _summary(request, factory, brands, " ".join(error.messages), status)
    return _done(request, factory, new)


def _is_left(brands: Iterable[StoppedBrand], grants: Iterable[SharingGrant]) -> bool:
    """Return whether any of the grants is still stopped; if none is, it is a second click, or they were changed."""
    left = {grant.pk for one in brands for grant in one.grants}
    return any(grant.pk in left for grant in grants)


def _ticked(request: HttpRequest, factory: Factory, chosen: Collection[int]) -> SharingGrantQuerySet:
    """Return the ended grants that were ticked, of the brands that the page showed."""
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory, brand__in=chosen)
    ticked = grants.filter(pk__in=uuids(request.POST.getlist("grants")), ended_at__isnull=False)
    return ticked.order_by("brand__name", "brand", "scope")


def _done(request: HttpRequest, factory: Factory, new: list[SharingGrant]) -> HttpResponse:
    brands = list(dict.fromkeys(grant.brand for grant in new))
    waits = any(grant.status() is Status.UNCONFIRMED for grant in new)
    messages.success(request, _said(factory, brands, waits=waits))
    if len(brands) == 1:
        return redirect("factory_brand", factory.pk, brands[0].pk)
    state = "?state=waiting" if waits else ""
    return redirect(reverse("factory_brands", args=[factory.pk]) + state)


def _said(factory: Factory, brands: list[Brand], *, waits: bool) -> str:
    words = {"factory": factory, "brands": joined(brand.name for brand in brands)}
    if waits:
        return _("%(factory)s will share with %(brands)s as soon as a worker representative has confirmed it.") % words
    text = ngettext("Shared again with %(count)s brand.", "Shared again with %(count)s brands.", len(brands))
    return about(factory, text % {"count": len(brands)})
