"""The rule of when a decision can be undone: by who made it, for ten minutes, unless the brand has read anything since.

So long the brand is not notified either (`settled_at`): what is undone leaves no news behind.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from portal.accounts.models import User
from sharing.grants.models import SharingGrant
from sharing.terms import Status

UNDO_TIME = timedelta(minutes=10)
LOOK_AGAIN = timedelta(minutes=1)


def may_be_undone(grant: SharingGrant, by: User, read_at: datetime | None, now: datetime) -> bool:
    """Return whether `by` may undo a grant; `read_at` is when the brand last read such data of the factory.

    What a second person has confirmed, or a signed form says, is not theirs alone to undo.
    """
    is_own = grant.granted_by_id == by.pk and not grant.consent_document and grant.confirmed_at is None
    is_unread = read_at is None or read_at < grant.created_at
    return is_own and is_unread and grant.status() not in {Status.ENDED, Status.EXPIRED} and is_recent(grant, now)


def is_recent(grant: SharingGrant, now: datetime) -> bool:
    """Return whether it was decided in the time in which it can be undone."""
    return now - UNDO_TIME < grant.created_at


def settled_at(decided_at: datetime, *, is_read: bool) -> datetime:
    """Return when a brand may be notified of a decision: when it can no longer be undone, which a read brings about."""
    now = timezone.now()
    if is_read or now >= decided_at + UNDO_TIME:
        return now
    return min(decided_at + UNDO_TIME, now + LOOK_AGAIN)
