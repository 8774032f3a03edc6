"""The Celery tasks of the lowest layer: the periodic ones; `jobs` has the one that runs any job."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.core import jobs, mails
from portal.core.health.heartbeats import clear_old_heartbeats
from portal.core.uploads import sweep_orphans


@shared_task(acks_late=True, max_retries=0)
def requeue_lost_jobs() -> int:
    """Send lost jobs again (every 20 s by beat)."""
    return jobs.requeue_lost()


@shared_task(acks_late=True, max_retries=0)
def clear_old_sessions() -> int:
    """Delete expired sessions (nightly by beat)."""
    return Session.objects.filter(expire_date__lt=timezone.now()).delete()[0]


@shared_task(acks_late=True, max_retries=0)
def send_waiting_mails() -> int:
    """Send mails that the server did not accept when they were written (every minute by beat)."""
    return mails.send_waiting()


@shared_task(acks_late=True, max_retries=0)
def clear_leftovers() -> int:
    """Delete files that no row names, and heartbeats of processes long gone (nightly by beat)."""
    return sweep_orphans() + clear_old_heartbeats()
