"""Grants with the moment of the last reading, and with whether that, or anything else, has settled them."""

from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.utils import timezone

from portal.accounts.roles import Visitor
from sharing.access import ASSESSMENT_SCOPES
from sharing.access.people import read_for
from sharing.grants.ends import End
from sharing.grants.models import SharingGrant, SharingGrantQuerySet
from sharing.grants.undo import watched_since
from sharing.records.models import AccessRecord, FirstUse


def with_last_viewed(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with `last_viewed`: when the brand last read that scope of the factory."""
    records = AccessRecord.objects.filter(factory=OuterRef("factory"), brand=OuterRef("brand"), scope=OuterRef("scope"))
    return grants.annotate(last_viewed=Subquery(records.order_by("-at").values("at")[:1]))


def is_settled() -> Q:
    """Return the condition that nobody can undo a grant any more, even before the time for that is over.

    The brand has used it, or it is itself what an undo brought back.
    """
    return _used() | Q(replaces__end_code=End.UNDONE)


def _used() -> Q:
    return Q(Exists(FirstUse.objects.filter(grant=OuterRef("pk"))))


def with_settled(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with `is_settled`."""
    return grants.annotate(is_settled=ExpressionWrapper(is_settled(), output_field=BooleanField()))


def settled(grants: SharingGrantQuerySet) -> set[UUID]:
    """Return the keys of those of the grants that are settled."""
    return set(grants.filter(is_settled()).values_list("pk", flat=True))


def not_used_yet(by: Visitor) -> SharingGrantQuerySet:
    """Return the grants of the last minutes, ended or not, for whose brand `by` reads and that it has not used."""
    since = watched_since(timezone.now())
    return SharingGrant.objects.filter(~_used(), read_for(by, ASSESSMENT_SCOPES), created_at__gt=since)
