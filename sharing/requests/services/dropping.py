"""The end of grants that wait for a second person when their request has ended: nobody asks for them any more.

A request that is taken back drops them at once; one that lapsed drops them within the hour, and until then nobody
can confirm them (`requests_to_answer` checks the same under locks).
"""

from typing import Any

from django.db import transaction

from sharing.grants.ends import End
from sharing.grants.services.granting import end_grant
from sharing.grants.services.journal import Journal
from sharing.grants.services.situation import locked_situation
from sharing.models import AccessRequest
from sharing.receipts.payload import BY_ITSELF
from sharing.requests.queries import dropped_grants

AT_ONCE = 500


def is_dropped(grant: Any) -> bool:
    """Return whether a grant of a locked situation was to answer requests, and nobody asks for it any more."""
    return bool(grant.is_asked_for and not grant.is_still_asked_for)


def drop_proposals() -> int:
    """End grants that wait for a second person though their request has lapsed (hourly by beat); return how many."""
    requests = AccessRequest.objects.filter(grants__in=dropped_grants()).distinct().order_by("pk")
    return sum(drop_proposals_for(request) for request in requests[:AT_ONCE])


@transaction.atomic
def drop_proposals_for(request: AccessRequest) -> int:
    """End the grants that wait for a second person to answer an ended request; return how many. Locks the factory."""
    dropped = set(dropped_grants().filter(requests=request).values_list("pk", flat=True))
    if not dropped:
        return 0  # checked without the lock, and below again with it: a grant may just have been confirmed
    situation = locked_situation(request.asked_by, request.factory_id, [request.brand_id])
    journal = Journal(situation, act=BY_ITSELF)
    known = [one for one in situation.of(request.brand_id).grants if one.pk in dropped]
    waiting = [one for one in known if one.ended_at is None and not one.is_confirmed and is_dropped(one)]
    for grant in waiting:
        end_grant(journal, grant, End.DROPPED)
    journal.write()
    return len(waiting)
