"""The periodic tasks of notices. Each may run in several workers at once."""

from celery import shared_task  # noqa: TID251 - periodic, no jobs: nobody ordered them

from portal.notices import handing_out, mails, snoozes
from portal.notices.webhooks import sending


@shared_task(acks_late=True, max_retries=0)
def send_notices() -> int:
    """Hand out what was announced and send the mails that are due (every 30 s by beat)."""
    handing_out.hand_out_notices()
    return mails.send_due_mails()


@shared_task(acks_late=True, max_retries=0)
def deliver_webhooks() -> int:
    """Hand out what was announced and send the webhooks that are due (every 15 s by beat, and for a test)."""
    handing_out.hand_out_notices()
    return sending.deliver_waiting()


@shared_task(acks_late=True, max_retries=0)
def clear_old_notices() -> int:
    """Delete what was sent long ago, and what people put aside until a moment that has come (nightly by beat)."""
    return mails.clear_old() + sending.clear_old() + snoozes.clear_over()
