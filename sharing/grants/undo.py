"""The rule of when a decision can be undone: by who made it, for ten minutes, unless the brand has used it since.

So long the brand is not notified either (`settled_at`): what is undone leaves no news behind. What uses a decision is
recorded by `sharing.records.services.settle`.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from portal.accounts.models import User
from sharing.grants.models import SharingGrant

UNDO_TIME = timedelta(minutes=10)
LOOK_AGAIN = timedelta(minutes=1)
# Whoever undoes it in the last second takes a moment, and a grant may begin five minutes before it was given.
WATCHED_LONGER = timedelta(minutes=6)


def may_be_undone(grant: SharingGrant, by: User, now: datetime, *, is_settled: bool) -> bool:
    """Return whether `by` may undo a grant; `is_settled`: see `sharing.records.queries.is_settled`.

    What a second person has confirmed, or a signed form says, is not theirs alone to undo.
    """
    is_own = grant.granted_by_id == by.pk and not grant.consent_document and grant.confirmed_at is None
    return is_own and not is_settled and not grant.is_over and is_recent(grant, now)


def is_recent(grant: SharingGrant, now: datetime) -> bool:
    """Return whether it was decided in the time in which it can be undone."""
    return now - UNDO_TIME < grant.created_at


def watched_since(now: datetime) -> datetime:
    """Return from when on a grant was given, or a report opened by it, whose use is recorded: it might be undone."""
    return now - UNDO_TIME - WATCHED_LONGER


def settled_at(decided_at: datetime, *, is_settled: bool) -> datetime:
    """Return when a brand may be notified of a decision: when it can no longer be undone."""
    now = timezone.now()
    if is_settled or now >= decided_at + UNDO_TIME:
        return now
    return min(decided_at + UNDO_TIME, now + LOOK_AGAIN)
