"""The pages of a factory's brands: one row each, and everything about one."""

from collections import Counter

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portal.core.days import days_since
from portal.core.names import unmarked
from portal.disclosure.brands import ENDED, NOW, WAITING, BrandRow, brand_rows
from portal.disclosure.openings import openings_for
from portal.ui.forms import ListFilter
from sharing.copies.downloaded import downloaded_copies
from sharing.gates.pages import factory_inside, may_decide, may_look, person
from sharing.grants.services.renewals import ending_soon
from sharing.models import AccessRecord, AccessRequest, DestroyNotice, SharingGrant, WithheldReport
from sharing.papers.services import may_record_consent

READS_SHOWN = 8
COPIES_SHOWN = 8
PLACES = [(NOW, _("Now")), (WAITING, _("Waiting")), (ENDED, _("Ended"))]


class BrandFilter(ListFilter):
    """The search among a factory's brands, and the list that is shown."""

    q = forms.CharField(label=_("Brand"), max_length=100, required=False)
    state = forms.ChoiceField(choices=PLACES, required=False, widget=forms.HiddenInput)

    def narrow(self, rows: list[BrandRow]) -> list[BrandRow]:
        """Return the rows whose brand, under its present or a former name, contains the words."""
        if self.errors:
            return []
        words = unmarked(self.asked("q") or "")
        return [row for row in rows if any(words in unmarked(name) for name in row.names)]


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
    context = {
        "factory": factory,
        "form": form,
        "shown": shown,
        "tabs": [(place, label, counts[place]) for place, label in PLACES],
        "rows": [row for row in rows if shown in row.places],
        "may_decide": may_decide(request, factory),
        "may_record": may_record_consent(user, factory),
    }
    return render(request, "disclosure/brands.html", context)


@login_required
@require_GET
def factory_brand(request: HttpRequest, pk: int, brand: int) -> HttpResponse:
    """Show everything about one brand: what it sees, what opens next, its reads and copies, what was decided before."""
    factory = factory_inside(request, pk)
    user = person(request)
    row = next(iter(brand_rows(person=user, factory=factory, only=brand)), None)
    requests = AccessRequest.objects.inside(user).filter(factory=factory, brand=brand).for_reader(user)
    closed = list(requests.shown_closed().select_related("answered_by").order_by("-created_at"))
    if row is None or not (row.position.grants or row.request or closed):
        raise Http404
    withheld = WithheldReport.objects.visible_to(user).in_force().filter(factory=factory, brand=brand)
    reads = AccessRecord.objects.visible_to(user).filter(factory=factory, brand=brand).select_related("person")
    shared = SharingGrant.objects.visible_to(user).filter(factory=factory, brand=brand)
    notices = DestroyNotice.objects.inside(user).filter(factory=factory, brand=brand).with_counts()
    context = {
        "factory": factory,
        "row": row,
        "brand": row.brand,
        "openings": openings_for(row.position, row.sight.reports, list(withheld.select_related("withheld_by"))),
        "ending_soon": set(ending_soon(shared).values_list("pk", flat=True)),
        "reads": reads.order_by(*AccessRecord.ORDER)[:READS_SHOWN],
        "copies": downloaded_copies(reads, COPIES_SHOWN),
        "notices": [(notice, days_since(notice.created_at, factory)) for notice in notices.order_by("-created_at")],
        "requests": closed,
        "may_decide": may_decide(request, factory),
        "may_look": may_look(request, factory),
    }
    return render(request, "disclosure/brand.html", context)
