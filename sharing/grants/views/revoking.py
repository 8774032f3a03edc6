"""Pages of ending consent: one grant, everything of a brand, all sharing of a factory (R7).

Each page names the factory and the brand, lists what ends, says what a revoke cannot reach and lists the copies
that were downloaded.
"""

from collections.abc import Iterable
from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from brands.models import Brand
from factories.models import Factory
from portal.core.listing import joined
from portal.ui.forms import REFUSED, form_status, posted
from portal.ui.repeats import unsaved, warn_done_already
from sharing.copies.downloaded import downloaded_copies, kept
from sharing.gates.pages import (
    about,
    factory_inside,
    grant_to_decide,
    in_place_of,
    person,
    require_decider,
)
from sharing.grants.forms.revoking import SHOW_REASON, RevokeForm
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.grants.summaries import in_short
from sharing.models import AccessRecord, SharingGrant
from sharing.records.models import AccessRecordQuerySet
from sharing.terms import Status

COPIES_SHOWN = 200


def _open(request: HttpRequest, factory: Factory) -> SharingGrantQuerySet:
    """Return what the factory shares, or has agreed to share from a later day on."""
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory).not_ended()
    return grants.select_related("brand", "factory").order_by("brand__name", "brand", "scope")


def _beyond_reach(request: HttpRequest, factory: Factory, **narrower: object) -> dict[str, object]:
    """Return what a revoke cannot reach, for the page: copies, and what programs have read."""
    seen: AccessRecordQuerySet = AccessRecord.objects.visible_to(request.user).filter(
        factory=factory, brand__isnull=False, **narrower
    )
    copies = downloaded_copies(kept(seen, factory), COPIES_SHOWN + 1)
    return {
        "copies": copies[:COPIES_SHOWN],
        "has_more_copies": len(copies) > COPIES_SHOWN,
        "machine_reads": seen.filter(action=AccessRecord.Action.API).count(),
    }


@login_required
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop one grant, at once; for one that was changed since, the page shows the grant that replaced it."""
    found = grant_to_decide(request, pk)
    form = RevokeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        ended = revoke_access(by=person(request), grant=found, **form.reasons())
        if not _stopped_before(request, found, ended, form):
            is_taken_back = _is_proposed_change(found) and not ended.is_confirmed
            messages.success(request, _taken_back(found) if is_taken_back else _stopped(request, found, ended))
        return redirect("factory_brand", found.factory_id, found.brand_id)
    successor = in_place_of(found)
    changed, found = (found, successor) if successor else (None, found)
    others = _others(request, found)
    context = {
        "grant": found,
        "changed": changed,
        "factory": found.factory,
        "form": form,
        "others": others,
        "still_sees": any(one.has_begun for one in others),
        "taken_back": _taken_back(found) if _is_proposed_change(found) else "",
        **_beyond_reach(request, found.factory, brand=found.brand_id, scope=found.scope),
    }
    status = REFUSED if request.method == "POST" else 200
    return render(request, "grants/revoke.html", context, status=status)


def _is_proposed_change(found: SharingGrant) -> bool:
    """Return whether it would change what the brand has, once a second person confirms it."""
    return found.status() is Status.UNCONFIRMED and found.replaced_grant() is not None


def _stopped_before(request: HttpRequest, found: SharingGrant, ended: SharingGrant, form: RevokeForm) -> bool:
    """Return whether it had been stopped before, with other words than these; if so, say so on the page."""
    recorded = [ended.end_reason, *([SHOW_REASON] if ended.is_end_reason_shown else [])]
    lost = unsaved(form.typed(), recorded)
    at = ended.ended_at or found.created_at
    return warn_done_already(request, lost, by=ended.ended_by, at=at, place=found.factory, prefix=found.factory)


def _taken_back(proposal: SharingGrant) -> str:
    """Return a message that a change waiting for a second person is cancelled."""
    said = _("The change that was waiting for confirmation is cancelled. What %s can see now does not change.")
    return about(proposal.factory, said % proposal.brand)


def _others(request: HttpRequest, found: SharingGrant) -> list[SharingGrant]:
    """Return the grants to the brand that go on when this one is stopped: those of other kinds of data."""
    return list(_open(request, found.factory).filter(brand=found.brand_id).exclude(scope=found.scope))


def _kinds(grants: Iterable[SharingGrant]) -> str:
    return joined(dict.fromkeys(one.get_scope_display() for one in grants))


def _stopped(request: HttpRequest, found: SharingGrant, ended: SharingGrant) -> str:
    """Return what the brand lost, and what it still sees: one stop ends one kind of data. `ended`: what ended last."""
    if not (found.has_begun or ended.has_begun):
        return _cancelled(found.factory, found.brand, [found])
    others = _others(request, found)
    words = {
        "factory": found.factory,
        "brand": found.brand,
        "what": found.get_scope_display(),
        "still": _kinds(one for one in others if one.has_begun),
        "waiting": _kinds(others),
    }
    if words["still"]:
        return _("%(factory)s no longer shares this with %(brand)s: %(what)s. The brand still sees: %(still)s.") % words
    if others:
        said = _(
            "%(factory)s no longer shares this with %(brand)s: %(what)s. The brand sees nothing else now; "
            "this has not taken effect yet: %(waiting)s."
        )
        return said % words
    return _("%(factory)s no longer shares this with %(brand)s: %(what)s. You share nothing else with it.") % words


def _cancelled(factory: Factory, brand: Brand, grants: Iterable[SharingGrant]) -> str:
    """Return a message that what was decided about a brand, and had not taken effect, never will."""
    said = _(
        "The decision about %(brand)s was cancelled before it took effect: %(what)s. What the brand can see does not "
        "change."
    )
    return about(factory, said % {"brand": brand, "what": _kinds(grants)})


@login_required
@require_http_methods(["GET", "POST"])
def stop_brand(request: HttpRequest, pk: int, brand_id: int) -> HttpResponse:
    """Stop everything that is shared with one brand, at once."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    brand = get_object_or_404(Brand.objects.visible_to(request.user), pk=brand_id)
    form = RevokeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        ended = revoke_brand(by=person(request), factory=factory, brand=brand, **form.reasons())
        _say_stopped(request, _all_stopped(factory, brand, ended), ended, form)
        return redirect("factory_brand", factory.pk, brand.pk) if ended else redirect("factory_brands", factory.pk)
    grants = _open(request, factory).filter(brand=brand)
    context = {
        "factory": factory,
        "brand": brand,
        "form": form,
        "grants": grants,
        "has_begun": any(grant.has_begun for grant in grants),
        **_beyond_reach(request, factory, brand=brand),
    }
    status = REFUSED if request.method == "POST" else 200
    return render(request, "grants/stop_brand.html", context, status=status)


def _say_stopped(request: HttpRequest, text: str, ended: list[SharingGrant], form: RevokeForm) -> None:
    """Say what stopping did; where nothing was left to stop, say also that the typed reason was not saved."""
    lost = "" if ended else unsaved(form.typed())
    messages.add_message(request, messages.WARNING if lost else messages.SUCCESS, f"{text} {lost}".strip())


def _all_stopped(factory: Factory, brand: Brand, ended: list[SharingGrant]) -> str:
    """Return what the brand lost, and what it will not get."""
    lost = [one for one in ended if one.has_begun]
    words = {"factory": factory, "brand": brand, "what": _kinds(lost)}
    if not ended:
        return _("%(factory)s shares nothing with %(brand)s: there was nothing left to stop.") % words
    if not lost:
        return _cancelled(factory, brand, ended)
    said = _("%(factory)s ended all access of %(brand)s: %(what)s.") % words
    scopes = {one.scope for one in lost}
    if never := _kinds(one for one in ended if one.scope not in scopes):
        said = f"{said} {_('This was cancelled before it took effect: %(what)s.') % {'what': never}}"
    return said


@login_required
@require_http_methods(["GET", "POST"])
def stop_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop all sharing of a factory, at once; then the page on which some of it can be resumed."""
    factory = factory_inside(request, pk)
    require_decider(request, factory)
    form = RevokeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        ended = stop_all_sharing(by=person(request), factory=factory, **form.reasons())
        _say_stopped(request, _nothing_shared(factory, ended), ended, form)
        return redirect("resume", factory.pk)
    open_now = _open(request, factory)
    by_brand = groupby(open_now, key=lambda grant: grant.brand)
    context = {
        "factory": factory,
        "form": form,
        "brands": [_ending(brand, list(grants)) for brand, grants in by_brand],
        "has_begun": any(grant.has_begun for grant in open_now),
        **_beyond_reach(request, factory),
    }
    return render(request, "grants/stop_all.html", context, status=form_status(request))


def _ending(brand: Brand, grants: list[SharingGrant]) -> dict[str, object]:
    """Return what a brand loses, for a list of brands."""
    return {"brand": brand, "summary": in_short(grants), "not_begun": [one for one in grants if not one.has_begun]}


def _nothing_shared(factory: Factory, ended: list[SharingGrant]) -> str:
    brands = len({grant.brand_id for grant in ended if grant.has_begun})
    if not ended:
        return _("%(factory)s shares with nobody: there was nothing left to stop.") % {"factory": factory}
    text = ngettext(
        "%(factory)s shares with nobody now. %(count)s brand lost its access.",
        "%(factory)s shares with nobody now. %(count)s brands lost their access.",
        brands,
    )
    not_begun = len({grant.brand_id for grant in ended}) - brands
    more = ngettext(
        "%(count)s brand whose access had not begun will not get it.",
        "%(count)s brands whose access had not begun will not get it.",
        not_begun,
    )
    said = text % {"factory": factory, "count": brands}
    return f"{said} {more % {'count': not_begun}}" if not_begun else said
