"""Jobs: services that order, run, cancel and rescue them.

A job is a row (`core.models.Job`). `start_job` writes it and nudges a worker after the commit; the worker claims
the row under a lease, runs the handler registered for its kind, renews the lease with each progress report and
writes the end. When a worker is killed, its lease expires and the sweeper queues the job again, so every handler
must be idempotent. A handler re-checks its owner's access when it starts and before it hands over a result.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from portal.core.job_texts import CoreJobText, JobText
from portal.core.models import Job
from portal.core.models.jobs import JobQuerySet
from portal.core.reader import account_reader, reading_as

if TYPE_CHECKING:
    from portal.accounts.models import User

log = structlog.get_logger(__name__)
MAX_ATTEMPTS = 3


class JobError(Exception):
    """The error for a job that cannot succeed: a text that its owner can understand, with its placeholders' values."""

    def __init__(self, text: JobText, **params: str | int) -> None:
        super().__init__(text.value)
        self.text, self.params = text, params


class JobCancelled(Exception):  # noqa: N818 - no error: the owner's wish
    """The signal to stop and hand over nothing: the owner cancelled, or another worker took the job over."""


@dataclass
class JobRun:
    """One run of one job, as its handler sees it."""

    job: Job
    _reported: float = 0.0

    def report(self, progress: int, total: int, stage: JobText | None = None) -> None:
        """Store progress (at most twice a second) and renew the lease.

        Raises `JobCancelled` when the owner cancelled or the lease was lost.
        """
        if progress not in (0, total) and monotonic() - self._reported < 0.5:
            return
        self._reported = monotonic()
        held = self._held().update(
            progress=progress,
            total=total,
            message=stage.value if stage is not None else "",
            lease_until=timezone.now() + settings.JOB_LEASE,
        )
        if not held:
            raise JobCancelled

    def is_cancelled(self) -> bool:
        """Return whether this run should stop. This also renews the lease, so long steps may simply keep asking."""
        return not self._held().update(lease_until=timezone.now() + settings.JOB_LEASE)

    def _held(self) -> JobQuerySet:
        return Job.objects.filter(
            pk=self.job.pk, state=Job.State.RUNNING, attempts=self.job.attempts, cancel_requested=False
        )


Handler = Callable[[JobRun], dict[str, Any]]
HANDLERS: dict[str, Handler] = {}


def job_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that runs jobs of `kind`: it takes a `JobRun`, returns the result (ids only)."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


def start_job(*, kind: str, by: "User", params: dict[str, object], factory_id: int | None = None) -> Job:
    """Write a queued job owned by `by` and nudge a worker once the surrounding transaction commits."""
    if kind not in HANDLERS:
        raise LookupError(f"No handler for jobs of kind {kind!r}")
    job = Job.objects.create(kind=kind, owner=by, params=params, factory_id=factory_id)
    transaction.on_commit(lambda: nudge(job.pk))
    return job


@shared_task(acks_late=True, reject_on_worker_lost=True, max_retries=0)
def run_job(job_id: str) -> None:
    """Run the job with this id; retries are the sweeper's work, so the task itself never retries."""
    run(UUID(job_id))


def nudge(job_id: UUID) -> None:
    """Send the job to a worker. When the broker is unavailable nothing is lost: the sweeper sends it again."""
    try:
        run_job.delay(str(job_id))
    except run_job.OperationalError:
        log.warning("broker_away", job=str(job_id))


def cancel_job(*, by: "User", job: Job) -> Job:
    """Cancel a job of one's own: at once when it waits, at its next step when it runs. Finished jobs stay."""
    waiting = Job.objects.visible_to(by).filter(pk=job.pk, state=Job.State.QUEUED)
    if not waiting.update(state=Job.State.CANCELLED, finished_at=timezone.now(), cancel_requested=True):
        Job.objects.visible_to(by).filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_requested=True)
    job.refresh_from_db()
    return job


def claim(job_id: UUID) -> Job | None:
    """Take the job under a new lease; return None when it is finished, cancelled or held by another worker."""
    now = timezone.now()
    free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    claimed = Job.objects.filter(free, pk=job_id, cancel_requested=False).update(
        state=Job.State.RUNNING, attempts=F("attempts") + 1, started_at=now, lease_until=now + settings.JOB_LEASE
    )
    return Job.objects.select_related("owner").get(pk=job_id) if claimed else None


def run(job_id: UUID) -> None:
    """Claim and run one job to its end. Safe to call twice for the same job: the second finds nothing to claim."""
    job = claim(job_id)
    if job is None:
        return
    began, named = monotonic(), {"job": str(job.pk), "kind": job.kind}
    log.info("job_started", attempt=job.attempts, **named)
    state = _run_to_its_end(job)
    log.info("job_ended", state=state.value, seconds=round(monotonic() - began, 3), **named)


def _run_to_its_end(job: Job) -> Job.State:
    try:
        with reading_as(account_reader(job.owner_id)):
            result = HANDLERS[job.kind](JobRun(job))
    except JobCancelled:
        return _finish(job, Job.State.CANCELLED, message=CoreJobText.CANCELLED.value)
    except JobError as error:
        return _fail(job, error)
    except Exception as error:
        # Contents may be in the exception's message: the log gets only its type and frames (portal.core.logs).
        log.error("job_failed", job=str(job.pk), kind=job.kind, error=type(error).__name__, exc_info=error)
        return _fail(job, JobError(CoreJobText.BROKEN, job=str(job.pk)))
    return _finish(job, Job.State.DONE, result=result, progress=F("total"))


def _fail(job: Job, error: JobError) -> Job.State:
    return _finish(job, Job.State.FAILED, error=error.text.value, error_params=error.params)


def _finish(job: Job, state: Job.State, **values: object) -> Job.State:
    mine = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
    mine.update(state=state, finished_at=timezone.now(), lease_until=None, **values)
    return state


def requeue_lost() -> int:
    """Send again what no worker holds: jobs with an expired lease, and queued jobs whose message never arrived.

    A job that was lost `MAX_ATTEMPTS` times is failed; one whose owner cancelled it is ended. Return how many
    were sent again.
    """
    now = timezone.now()
    lost = Job.objects.filter(state=Job.State.RUNNING, lease_until__lt=now)
    lost.filter(cancel_requested=True).update(state=Job.State.CANCELLED, finished_at=now, lease_until=None)
    lost.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=Job.State.FAILED,
        finished_at=now,
        lease_until=None,
        error=CoreJobText.INTERRUPTED.value,
        error_params={"times": MAX_ATTEMPTS},
    )
    stale = Job.objects.filter(
        Q(state=Job.State.RUNNING, lease_until__lt=now)
        | Q(state=Job.State.QUEUED, created_at__lt=now - settings.JOB_LEASE)
    )
    ids = list(stale.values_list("pk", flat=True)[:500])
    for job_id in ids:
        nudge(job_id)
    return len(ids)


def counts_by_state() -> dict[str, int]:
    """Return how many jobs there are in each state, whoever ordered them."""
    return dict.fromkeys(Job.State.values, 0) | dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))


def longest_wait() -> timedelta:
    """Return how long the oldest queued job has waited."""
    oldest = Job.objects.filter(state=Job.State.QUEUED).aggregate(since=Min("created_at"))["since"]
    return timezone.now() - oldest if oldest else timedelta()
