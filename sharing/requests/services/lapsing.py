"""What time does to requests: reminders, and lapsing. A request that nobody answers opens nothing."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from portal.core.events import record
from portal.notices.outbox import announce
from sharing.events import SharingEvent, ids_of
from sharing.models import AccessRequest
from sharing.notice_names import SharingNotice
from sharing.requests.states import State

BATCH = 500


@transaction.atomic
def lapse_requests() -> int:
    """Close the requests whose time has passed (hourly by beat); return how many. Nothing is shared by this.

    The grants that wait for a second person to answer one of them end in `drop_proposals`: this locks no factory.
    """
    due = AccessRequest.objects.past_their_time().select_for_update(skip_locked=True)
    return lapse(due.order_by("lapses_at")[:BATCH])


def lapse(requests: Iterable[AccessRequest]) -> int:
    """Close locked requests; return how many."""
    rows = list(requests)
    for request in rows:
        request.state, request.answered_at = State.LAPSED, request.lapses_at
        request.save(update_fields=["state", "answered_at"])
        record(SharingEvent.REQUEST_LAPSED, by=None, **ids_of(request))
        announce(SharingNotice.REQUEST_LAPSED, side="brand", organisation_id=request.brand_id, **ids_of(request))
    return len(rows)


@transaction.atomic
def remind_of_requests() -> int:
    """Remind the factories of open requests (hourly by beat); return how many."""
    due = AccessRequest.objects.undecided().filter(remind_at__lte=timezone.now(), brand__is_active=True)
    due = due.select_for_update(skip_locked=True, of=("self",)).select_related("factory__programme")
    rows = list(due.order_by("remind_at")[:BATCH])
    for request in rows:
        once = f"request.reminded:{request.pk}:{request.remind_at:%Y-%m-%d}"
        announce(
            SharingNotice.REQUEST_REMINDED,
            side="factory",
            organisation_id=request.factory_id,
            once=once,
            **ids_of(request),
        )
        request.remind_at = timezone.now() + timedelta(days=request.factory.programme.request_reminder_days)
        request.save(update_fields=["remind_at"])
    return len(rows)
