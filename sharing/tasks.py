"""Periodic work of consent."""

from celery import shared_task  # noqa: TID251 - periodic work has no job row

from sharing.copies.services import remind_of_destroy_notices
from sharing.grants.services import renewals
from sharing.records import digest
from sharing.requests.services.dropping import drop_proposals
from sharing.requests.services.lapsing import lapse_requests, remind_of_requests


@shared_task(acks_late=True, max_retries=0)
def remind_of_copies() -> int:
    """Remind brands of copies that they were asked to destroy (daily by beat)."""
    return remind_of_destroy_notices()


@shared_task(acks_late=True, max_retries=0)
def prompt_renewals() -> int:
    """Notify both sides of access that ends soon, once each (hourly by beat)."""
    return renewals.prompt_renewals()


@shared_task(acks_late=True, max_retries=0)
def announce_monthly_digests() -> int:
    """Notify factories of the month that has ended (daily by beat; each once)."""
    return digest.announce_digests()


@shared_task(acks_late=True, max_retries=0)
def tend_requests() -> int:
    """Let overdue requests lapse, end what waits for them, remind factories of others (hourly by beat)."""
    return lapse_requests() + drop_proposals() + remind_of_requests()
