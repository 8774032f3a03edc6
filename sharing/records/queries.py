"""Grants with the moment of the last reading."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from sharing.grants.models import SharingGrantQuerySet
from sharing.records.models import AccessRecord


def with_last_viewed(grants: SharingGrantQuerySet) -> SharingGrantQuerySet:
    """Return the grants, each with `last_viewed`: when the brand last read that scope of the factory."""
    records = AccessRecord.objects.filter(factory=OuterRef("factory"), brand=OuterRef("brand"), scope=OuterRef("scope"))
    return grants.annotate(last_viewed=Subquery(records.order_by("-at").values("at")[:1]))


def last_viewed(grants: SharingGrantQuerySet) -> dict[UUID, datetime | None]:
    """Return for each grant, by its key, when the brand last read that scope of the factory."""
    rows: Any = with_last_viewed(grants)
    return {row.pk: row.last_viewed for row in rows}
