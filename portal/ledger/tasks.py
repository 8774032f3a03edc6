"""The Celery task of the ledger."""

from celery import shared_task  # noqa: TID251 - periodic work has no job row

from portal.ledger.sealing import seal_new_rows


@shared_task(acks_late=True, max_retries=0)
def seal_ledger() -> int:
    """Seal what happened since the last time (every ten minutes by beat); two at once are harmless."""
    return len(seal_new_rows())
