"""The writing of who-saw-what."""

from collections.abc import Mapping

from portal.accounts.models import User
from sharing.access import RELEASED_TO_FACTORY, Subject
from sharing.models import AccessRecord, SharingGrant


def record_access(
    *,
    by: User,
    assessment: Subject,
    openings: Mapping[str, SharingGrant | None],
    action: str,
    copy_number: int | None = None,
    copy_format: str = "",
) -> list[AccessRecord]:
    """Write into who-saw-what what `by` saw of `assessment`: one row for each scope in `openings`.

    `openings` is what `sharing.access.openings` returned: the grant names the brand that they read for.
    """
    rows = [
        AccessRecord(
            person=by,
            brand_id=grant.brand_id if grant else None,
            factory_id=assessment.factory_id,
            assessment_id=assessment.pk,
            cycle=assessment.cycle,
            version=assessment.version,
            scope=scope,
            action=action,
            copy_number=copy_number,
            copy_format=copy_format,
            is_before_release=assessment.state not in RELEASED_TO_FACTORY and assessment.published_at is None,
        )
        for scope, grant in openings.items()
    ]
    return AccessRecord.objects.bulk_create(rows)
