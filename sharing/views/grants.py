"""Page of who can see a factory's data.

The factory's people see it, its managers decide, its country's staff may read along.
"""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brands.identity import identities
from sharing.models import SharingGrant
from sharing.services.papers import may_record_consent
from sharing.services.renewals import ending_soon
from sharing.views.copies import latest_destroy_notices
from sharing.views.gates import factory_inside, may_decide, may_look, person

PAST_SHOWN = 50


@login_required
@require_GET
def who_can_see(request: HttpRequest, pk: int) -> HttpResponse:
    """ "Who can see our data": every brand and scope, since when, until when, last viewed; and what has ended."""
    factory = factory_inside(request, pk)
    grants = SharingGrant.objects.visible_to(request.user).filter(factory=factory)
    grants = grants.select_related("factory", "brand", "granted_by", "ended_by").with_last_viewed().with_receipt()
    in_force = list(grants.not_over().order_by("brand__name", "brand", "scope"))
    context = {
        "factory": factory,
        "grants": in_force,
        "identities": {one.brand.pk: one for one in identities({grant.brand for grant in in_force})},
        "ending_soon": set(ending_soon(grants).values_list("pk", flat=True)),
        "past": grants.over()[:PAST_SHOWN],
        "may_decide": may_decide(request, factory),
        "destroy_notices": latest_destroy_notices(request, factory),
        "may_look": may_look(request, factory),
        "may_record": may_record_consent(person(request), factory),
    }
    return render(request, "sharing/who_can_see.html", context)
