"""The additional behaviour of Celery's processes: heartbeats, and a beat that survives a clock that jumps."""

from datetime import UTC, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from celery import Task, bootsteps
from celery.beat import PersistentScheduler
from celery.utils.time import maybe_make_aware

from portal.core.reader import named_reader, reading_as

if TYPE_CHECKING:
    from celery.worker.consumer import Consumer
    from kombu.asynchronous.timer import Entry

log = structlog.get_logger(__name__)
TOLERANCE = timedelta(seconds=2)


class ReaderTask(Task[Any, Any]):
    """A task, which reads the database under its own name; a job that it runs does so on behalf of its owner."""

    abstract = True

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the task."""
        with reading_as(named_reader("task", self.name)):
            return super().__call__(*args, **kwargs)


class WorkerHeart(bootsteps.StartStopStep):
    """A step of the worker that takes messages: while it is connected to the broker, it writes heartbeats."""

    timer: "Entry | None" = None

    def start(self, consumer: "Consumer") -> None:
        """Write the first heartbeat now and the others by the worker's timer."""
        from portal.core.health.heartbeats import EVERY, write_heartbeat

        write_heartbeat("worker")
        self.timer = consumer.timer.call_repeatedly(EVERY.total_seconds(), write_heartbeat, ("worker",))

    def stop(self, consumer: object) -> None:
        """Write no more, because the broker is unavailable or the worker ends."""
        from portal.core.health.heartbeats import end_heartbeat

        if self.timer is not None:
            self.timer.cancel()
        end_heartbeat("worker")


class Scheduler(PersistentScheduler):
    """Beat's schedule, which also writes heartbeats and does not wait for a future that a wrong clock announced."""

    _next_heartbeat = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Run one iteration; return the seconds until the next."""
        self._write_heartbeat()
        self._forget_the_future()
        return super().tick(*args, **kwargs)

    def _write_heartbeat(self) -> None:
        from portal.core.health.heartbeats import EVERY, write_heartbeat

        if monotonic() >= self._next_heartbeat:
            self._next_heartbeat = monotonic() + EVERY.total_seconds()
            write_heartbeat("beat")

    def close(self) -> None:
        """Keep the schedule for the next start."""
        from portal.core.health.heartbeats import end_heartbeat

        end_heartbeat("beat")
        super().close()

    def _forget_the_future(self) -> None:
        """Let tasks that ran under a clock that was ahead count as run now: else they would wait until that hour."""
        now = self.app.now()
        latest = maybe_make_aware(now, UTC) + TOLERANCE
        ahead = [
            entry
            for entry in self.schedule.values()
            if entry.last_run_at is not None and maybe_make_aware(entry.last_run_at, UTC) > latest
        ]
        if not ahead:
            return
        log.warning("clock_went_back", entries=len(ahead))
        for entry in ahead:
            entry.last_run_at = now
        self._heap = None  # built anew: it is sorted by hours of the clock that was ahead
