"""The page of who can see a factory's data.

The factory's people see it, its managers decide, its country's staff may read it, too.
"""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import BigIntegerField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from brands.identity import identities
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor
from portal.core.compiled import AnyField, Key
from sharing.copies.views import latest_destroy_notices
from sharing.gates.pages import factory_inside, may_decide, may_look, person
from sharing.grants.models import SharingGrantQuerySet
from sharing.grants.services.renewals import ending_soon
from sharing.models import SharingGrant
from sharing.papers.services import may_record_consent
from sharing.receipts.queries import with_receipt
from sharing.records.queries import with_last_viewed

PAST_SHOWN = 50


def _grants_of(user: Visitor, factory: Key) -> SharingGrantQuerySet:
    grants = SharingGrant.objects.visible_to(user).filter(factory=factory)
    return with_receipt(with_last_viewed(grants.select_related("factory", "brand", "granted_by", "ended_by")))


def _not_ended(user: Visitor, factory: Key) -> SharingGrantQuerySet:
    return _grants_of(user, factory).not_ended().order_by("brand__name", "brand", "scope")


def _ended(user: Visitor, factory: Key) -> SharingGrantQuerySet:
    return _grants_of(user, factory).ended()[:PAST_SHOWN]


def _ending_soon(user: Visitor, factory: Key) -> "QuerySet[SharingGrant, UUID]":
    grants = SharingGrant.objects.visible_to(user).filter(factory=factory)
    return ending_soon(grants).order_by().values_list("pk", flat=True)


FACTORY: AnyField = BigIntegerField()
_in_force: Prepared[SharingGrant, SharingGrant] = Prepared(_not_ended, factory=FACTORY)
_past: Prepared[SharingGrant, SharingGrant] = Prepared(_ended, factory=FACTORY)
_ending: Prepared[SharingGrant, UUID] = Prepared(_ending_soon, factory=FACTORY)


@login_required
@require_GET
def who_can_see(request: HttpRequest, pk: int) -> HttpResponse:
    """Show "Who can see our data": every brand and scope, since when, until when, last viewed; and what has ended."""
    factory = factory_inside(request, pk)
    user = person(request)
    in_force = _in_force(user, factory=pk)
    context = {
        "factory": factory,
        "grants": in_force,
        "identities": {one.brand.pk: one for one in identities({grant.brand for grant in in_force})},
        "ending_soon": set(_ending(user, factory=pk)),
        "past": _past(user, factory=pk),
        "may_decide": may_decide(request, factory),
        "destroy_notices": latest_destroy_notices(request, factory),
        "may_look": may_look(request, factory),
        "may_record": may_record_consent(user, factory),
    }
    return render(request, "grants/who_can_see.html", context)
