"""Signs of life of a long transaction: progress and lease are written through a connection of their own."""

from threading import Event, Thread
from types import TracebackType

from django.db import connection

from portal.core.job_texts import JobText
from portal.core.jobs import JobCancelled, JobRun
from portal.core.models import Job

SECONDS = 1.0


class Heartbeat:
    """The reporter of a job's progress: once a second, from another thread, so that it shows before the commit."""

    def __init__(self, run: JobRun, stage: JobText | None = None) -> None:
        self._run, self._stage = run, stage
        self._progress = (0, 0)
        self._stop, self._cancelled = Event(), Event()
        self._thread = Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def report(self, done: int, total: int) -> None:
        """Note how far the work is. Raises `JobCancelled` once the job's owner has cancelled it."""
        self._progress = (done, total)
        if self._cancelled.is_set():
            raise JobCancelled

    def _beat(self) -> None:
        try:
            while not self._stop.wait(SECONDS):
                self._tell()
        finally:
            connection.close()

    def _tell(self) -> None:
        done, total = self._progress
        try:
            if total:
                self._run.report(done, total, self._stage)
            elif self._run.is_cancelled():
                raise JobCancelled
        except JobCancelled:
            # A job that this connection cannot see was written by a transaction still open: it is not cancelled.
            if Job.objects.filter(pk=self._run.job.pk).exists():
                self._cancelled.set()
