"""The pages of a factory's brands: one row each, and everything about one."""

from collections import Counter
from collections.abc import Iterable

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from factories.models import Factory
from portal.accounts.models import User
from portal.core.days import days_since
from portal.disclosure.brands import ENDED, NOW, WAITING, BrandRow, Decided, brand_row, brand_rows
from portal.disclosure.forms import BrandSearch
from portal.disclosure.openings import openings_for
from sharing.copies.downloaded import downloaded_copies, kept
from sharing.gates.pages import factory_inside, may_decide, may_decide_and_look, person
from sharing.grants.undo import UNDO_TIME
from sharing.models import AccessRecord, AccessRequest, DestroyNotice, WithheldReport
from sharing.papers.services import may_record_consent
from sharing.requests.services.undoing import answer_can_be_undone
from sharing.requests.states import Shown

READS_SHOWN = 8
COPIES_SHOWN = 8
PLACES = [(NOW, _("Now")), (WAITING, _("Waiting")), (ENDED, _("Ended"))]


class BrandFilter(BrandSearch):
    """The search among a factory's brands, and the list that is shown."""

    state = forms.ChoiceField(choices=PLACES, required=False, widget=forms.HiddenInput)


@login_required
@require_GET
def factory_brands(request: HttpRequest, pk: int) -> HttpResponse:
    """Show "Brands": who sees the factory's data now, who asks or waits, and whose access has ended."""
    factory = factory_inside(request, pk)
    user = person(request)
    form = BrandFilter(request.GET)
    rows = form.narrow(brand_rows(person=user, factory=factory))
    counts = Counter(place for row in rows for place in row.places)
    shown = form.asked("state") or NOW
    decides = may_decide(request, factory)
    waiting = AccessRequest.objects.inside(user).waiting().filter(factory=factory).order_by("lapses_at", "pk")
    context = {
        "factory": factory,
        "form": form,
        "shown": shown,
        "tabs": [(place, label, counts[place]) for place, label in PLACES],
        "rows": [row for row in rows if shown in row.places],
        "has_access": any(row.grants for row in rows),
        "has_stopped": any(row.stopped for row in rows),
        "may_decide": decides,
        "may_record": may_record_consent(user, factory),
        **(_just_decided(user, rows, waiting) if decides else {}),
    }
    return render(request, "disclosure/brands.html", context)


@login_required
@require_GET
def factory_brand(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """Show everything about one brand: what it sees, what opens next, its reads and copies, what was decided before."""
    factory = factory_inside(request, pk)
    user = person(request)
    about = _requests_about(user, factory, brand)
    undecided = [one for one in about if one.shown_state == Shown.OPEN]
    closed = [one for one in about if one.shown_state != Shown.OPEN]
    row = brand_row(person=user, factory=factory, brand=brand, requests=undecided)
    if row is None or not (row.position.grants or row.request or closed):
        raise Http404
    decides, looks = may_decide_and_look(request, factory)
    withheld = WithheldReport.objects.visible_to(user).in_force().filter(factory=factory, brand=brand)
    reads = AccessRecord.objects.visible_to(user).filter(factory=factory, brand=brand).select_related("person")
    notices = DestroyNotice.objects.inside(user).filter(factory=factory, brand=brand).with_counts()
    context = {
        "factory": factory,
        "row": row,
        "brand": row.brand,
        "openings": openings_for(row.position, row.sight.reports, list(withheld.select_related("withheld_by"))),
        "reads": reads.order_by(*AccessRecord.ORDER)[:READS_SHOWN],
        "copies": downloaded_copies(kept(reads, factory), COPIES_SHOWN),
        "notices": [(notice, days_since(notice.created_at, factory)) for notice in notices.order_by("-created_at")],
        "requests": closed,
        **(_just_decided(user, [row], _waiting_first(undecided), closed) if decides else {}),
        "may_decide": decides,
        "may_look": looks,
    }
    return render(request, "disclosure/brand.html", context)


def _requests_about(user: User, factory: Factory, brand: int) -> list[AccessRequest]:
    """Return all requests of a brand, and the undecided ones of others, the latest first."""
    requests = AccessRequest.objects.inside(user).filter(factory=factory).for_reader(user)
    shown = requests.filter(Q(brand=brand) | Q(("shown_state", Shown.OPEN)))
    found = list(shown.select_related("answered_by").order_by("-created_at"))
    for one in found:
        one.factory = factory
    return found


def _waiting_first(undecided: Iterable[AccessRequest]) -> list[AccessRequest]:
    """Return those of these requests that are not put off, the one that lapses first in front."""
    now = timezone.now()
    return sorted((one for one in undecided if not one.is_put_off_at(now)), key=lambda one: (one.lapses_at, one.pk))


def _just_decided(
    by: User, rows: Iterable[BrandRow], waiting: Iterable[AccessRequest], answered: Iterable[AccessRequest] = ()
) -> dict[str, object]:
    """Return what `by` decided in the last minutes and may undo, until when, and which of `waiting` is next."""
    requests = [one for one in answered if answer_can_be_undone(one, by)]
    every = [
        Decided(row.brand, row.grants_to_undo(by), [one for one in requests if one.brand_id == row.brand.pk])
        for row in rows
    ]
    decided = [one for one in every if one.moments]
    if not decided:
        return {}
    next_ones = [one.pk for one in waiting]
    return {
        "decided": decided,
        "undo_until": min(moment for one in decided for moment in one.moments) + UNDO_TIME,
        "has_receipts": any(one.receipts for one in decided),
        "all_wait": all(one.waits for one in decided),
        "next_request": next_ones[0] if next_ones else None,
        "next_requests": len(next_ones),
    }
