"""When a brand may be notified of what a decision brought: not before it can no longer be undone."""

from collections.abc import Iterable
from datetime import datetime

from sharing.grants.undo import settled_at
from sharing.models import SharingGrant
from sharing.records.queries import settled


def first_settled_at(grants: Iterable[SharingGrant]) -> datetime | None:
    """Return when the first of these grants can no longer be undone (the past counts as now); None where all were."""
    grants = [grant for grant in grants if grant.end_code != SharingGrant.End.UNDONE]
    early = settled(SharingGrant.objects.filter(pk__in=[grant.pk for grant in grants]))
    return min((settled_at(one.created_at, is_settled=one.pk in early) for one in grants), default=None)
