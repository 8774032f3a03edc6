"""A real Celery worker for tests: a process of its own, on the test's database, behind a real broker.

The broker is the one the environment names: Redis (`REDIS_URL`), the queue that `./dev`'s PostgreSQL keeps (`pgmq`);
where it names none, files in the test's own folder. Every worker has a queue of its own, so tests share nothing.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from celery import Celery
from django.conf import settings
from django.db import connections

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60.0  # seconds; only ever waited for when something is wrong
PAUSE = 0.05
START = """
import sys
from portal.celery import app
app.conf.update(task_default_queue=sys.argv[1], broker_transport_options={options!r})
app.worker_main(["worker", "--pool=prefork", "--concurrency=1", "--loglevel=WARNING", "-Q", sys.argv[1],
                 "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


def until(question: Callable[[], Any], what: str) -> Any:
    """The first true answer. Raises `AssertionError`, naming what was waited for, when none comes."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := question()):
        assert time.monotonic() < deadline, f"Waited {PATIENCE:.0f} s for {what}."
        time.sleep(PAUSE)
    return answer


class Worker:
    """One worker process with its pool; `nudge` sends it a job, as the web does."""

    def __init__(self, folder: Path, *, lease_seconds: int = 60, queue: str = "") -> None:
        self.folder, self.lease, self.queue = folder, lease_seconds, queue or f"test-{uuid4().hex[:12]}"
        self.url, self.options = _broker(folder)
        self.sender = Celery("sender", broker=self.url or settings.CELERY_BROKER_URL, set_as_current=False)
        self.sender.conf.update(broker_transport_options=self.options, task_ignore_result=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Worker":
        """Start the process; it takes from the queue as soon as it is up."""
        code = START.format(options=self.options)
        with (self.folder / f"worker-{uuid4().hex[:6]}.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", code, self.queue],
                env=self._environment(),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def _environment(self) -> dict[str, str]:
        """The settings of production on the test's database, files and keys."""
        name = connections["default"].settings_dict["NAME"]
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "PYTEST", "COV_"))}
        return kept | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}",
            "SECRET_KEY": settings.SECRET_KEY,
            "STATE_DIR": str(settings.STATE_DIR),
            "JOB_LEASE_SECONDS": str(self.lease),
            # Celery's own command line takes BROKER_URL before what the settings say.
            "BROKER_URL": self.url or os.environ.get("REDIS_URL") or os.environ["BROKER_URL"],
            "BASE_URL": settings.BASE_URL,
            "ALLOWED_HOSTS": "localhost",
        }

    def nudge(self, job_id: UUID) -> None:
        """Send a job to the worker (in place of `portal.core.jobs.nudge`)."""
        self.sender.send_task("portal.core.jobs.run_job", [str(job_id)], queue=self.queue)

    def sweep(self) -> None:
        """Have the worker look for lost jobs, as beat does every 20 s."""
        self.sender.send_task("portal.core.tasks.requeue_lost_jobs", queue=self.queue)

    def kill(self) -> None:
        """End it and its pool at once, as a power cut would."""
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(PATIENCE)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let it stand still for a while: what is sent meanwhile waits."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def log(self) -> str:
        """What it printed, for the message of a failure."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("worker-*.log")))

    def close(self) -> None:
        """End it, for good."""
        self._signal(signal.SIGCONT)
        self.kill()
        self.sender.close()


def _broker(folder: Path) -> tuple[str, dict[str, Any]]:
    """Address and options of the broker; an empty address: that of the settings."""
    if not settings.CELERY_BROKER_URL.startswith("memory:"):
        return "", dict(settings.CELERY_BROKER_TRANSPORT_OPTIONS)
    places = {name: folder / name for name in ("messages", "control")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    messages = str(places["messages"])
    return "filesystem://", {
        "data_folder_in": messages,
        "data_folder_out": messages,
        "control_folder": str(places["control"]),
    }
