"""When a brand may be notified of what a decision brought: not before it can no longer be undone."""

from collections.abc import Iterable
from datetime import datetime

from sharing.grants.undo import settled_at
from sharing.models import SharingGrant
from sharing.records.queries import last_viewed


def first_settled_at(grants: Iterable[SharingGrant]) -> datetime | None:
    """Return when the first of these grants can no longer be undone (the past counts as now); None where all were."""
    grants = [grant for grant in grants if grant.end_code != SharingGrant.End.UNDONE]
    read_at = last_viewed(SharingGrant.objects.filter(pk__in=[grant.pk for grant in grants]))
    moments = [settled_at(one.created_at, is_read=_is_since(read_at[one.pk], one.created_at)) for one in grants]
    return min(moments, default=None)


def _is_since(moment: datetime | None, since: datetime) -> bool:
    return moment is not None and moment >= since
