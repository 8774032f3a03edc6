"""The factories that a brand may find to ask, the grants that are to answer a request, and answers that were undone."""

from django.db.models import CharField, Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce

from brands.models import Brand
from factories.models import Factory, FactoryQuerySet
from portal.accounts.roles import Visitor
from portal.core.models import Event
from sharing.events import SharingEvent
from sharing.grants.models import SharingGrant, SharingGrantQuerySet
from sharing.requests.models import AccessRequestQuerySet, RequestAnswer, is_open
from sharing.requests.states import State


def factories_to_ask(user: Visitor) -> FactoryQuerySet:
    """Return the enrolled factories, for anybody who reads for a brand: the same list for every brand.

    Only their public facts are loaded: ids, name, town, sector, country. This queryset does not depend on whether a
    factory shares with anybody (invariant 3), nor on anything of SLCP (R1).
    """
    listed = Factory.objects.filter(Exists(Brand.objects.own(user)), enrolment_status="enrolled", is_obsolete=False)
    return listed.select_related("programme").only(
        "bw_id", "name", "local_name", "city", "sector", "os_hub_id", "programme__country"
    )


def with_requests(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with `is_asked_for` (it is to answer a request) and `is_still_asked_for`.

    The latter: the request is open, or was answered with a yes when another grant for it was confirmed.
    """
    answers = RequestAnswer.objects.filter(grant=OuterRef("pk"))
    wanted = answers.filter(is_open("request__") | Q(request__state=State.APPROVED))
    return grants.annotate(is_asked_for=Exists(answers), is_still_asked_for=Exists(wanted))


def dropped_grants() -> SharingGrantQuerySet:
    """Return the grants that wait for the factory's second person although nobody asks for them any more."""
    waiting = SharingGrant.objects.filter(needs_confirmation=True, confirmed_at=None, ended_at=None)
    return with_requests(waiting).filter(Q(("is_asked_for", True), ("is_still_asked_for", False)))


def with_times_reopened(requests: AccessRequestQuerySet) -> AccessRequestQuerySet:
    """Return the requests, each with `times_reopened`: how often the answer to it was undone."""
    reopened = Event.objects.filter(
        kind=SharingEvent.REQUEST_REOPENED, subject=Cast(OuterRef("pk"), CharField(max_length=80))
    )
    counted = reopened.order_by().values("subject").annotate(times=Count("*")).values("times")
    return requests.annotate(times_reopened=Coalesce(Subquery(counted), 0))  # type: ignore[no-redef] # for its readers
