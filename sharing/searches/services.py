"""The writing of which factories a list named because of a finding."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from portal.accounts.models import User
from portal.core.days import UTC_DAYS, day_of
from sharing.access import RELEASED_TO_FACTORY
from sharing.models import SearchRecord


def record_search(
    *, by: User, condition: str, about: str, named: Iterable[Any], brands: Mapping[int, int] | None = None
) -> None:
    """Write into who-saw-what that a page narrowed by a finding named the factories of these assessments to `by`.

    `brands` maps a report's id to the brand for which `by` reads it; a report not in it was read for no brand. At most
    one statement, which writes only what was not named to them already today; a page without rows writes nothing.
    """
    groups: dict[tuple[int | None, bool], set[int]] = defaultdict(set)
    for one in named:
        is_before = one.state not in RELEASED_TO_FACTORY and one.published_at is None
        groups[(brands or {}).get(one.report_id), is_before].add(one.factory_id)
    now = timezone.now()
    rows = [
        SearchRecord(
            at=now,
            day=int(day_of(now, UTC_DAYS).strftime("%Y%m%d")),
            person=by,
            brand_id=brand,
            condition=condition,
            about=about,
            factories=sorted(factories),
            is_before_release=is_before,
        )
        for (brand, is_before), factories in groups.items()
    ]
    SearchRecord.objects.bulk_create(rows, ignore_conflicts=True)
