"""A worker that is killed in the middle of a job: the lease runs out, another one does it again, once (real Celery)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connections, transaction
from django.utils import timezone

from assessments.models import ReportCopy
from assessments.reports.services import hand_over, order_report
from portal.core import jobs
from portal.core.health.heartbeats import alive
from portal.core.health.state_folder import folder_id
from portal.core.models import Event, Job
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from tests.worker import Worker, until
from tests.world import World, build_world

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.worker,
    pytest.mark.slow,
]


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """A running worker whose leases last two seconds."""
    started = Worker(tmp_path, lease_seconds=2)
    monkeypatch.setattr(jobs, "nudge", started.nudge)
    started.start()
    yield started
    started.close()


@contextmanager
def answers_locked() -> Iterator[None]:
    """Nobody reads an answer meanwhile: a job that makes a report stands still halfway."""
    owner = connections["owner"]
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        cursor.execute("LOCK TABLE assessments_answer IN ACCESS EXCLUSIVE MODE")
        yield


def order(world: World) -> ReportCopy:
    """Brand A's member orders a file."""
    world.grant()
    return order_report(
        by=world.person("brand_a_member"),
        assessment=world.assessments["a2"],
        scope="report",
        language="en",
        format="json",
    )


def state_of(copy: ReportCopy) -> str:
    return Job.objects.get(pk=copy.job_id).state


def is_waiting_for_the_answers() -> bool:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'assessments_answer'::regclass")
        return bool(cursor.fetchone()[0])


def stand_halfway(copy: ReportCopy) -> None:
    """Returns once a worker is in the middle of the copy's job."""
    until(is_waiting_for_the_answers, "a worker to be in the middle of the job")
    assert state_of(copy) == "running"


def test_a_job_whose_worker_is_killed_is_done_once_by_the_next(worker: Worker, tmp_path: Path) -> None:
    world = build_world()
    with answers_locked():
        copy = order(world)
        stand_halfway(copy)
        worker.kill()
    first = Job.objects.get(pk=copy.job_id)
    assert (first.state, first.attempts) == ("running", 1)
    lease_until = first.lease_until
    assert lease_until is not None

    worker.start()
    until(lambda: timezone.now() > lease_until, "the lease to run out")
    worker.sweep()
    until(lambda: state_of(copy) == "done", f"the job to be done\n{worker.log()}")
    job = Job.objects.get(pk=copy.job_id)
    copy.refresh_from_db()
    assert (job.attempts, job.percent, job.result, job.lease_until) == (2, 100, {"copy": str(copy.pk)}, None)
    assert storages["private"].listdir("reports")[1] == [Path(copy.file).name]
    assert Event.objects.filter(kind="report.ordered").count() == 1
    with hand_over(by=copy.reader, copy=copy) as file:
        assert b"report" in file.read()
    assert AccessRecord.objects.filter(action="download", copy_number=copy.number).count() == 1


def test_a_worker_says_what_it_does_and_that_it_lives(worker: Worker) -> None:
    """Under Celery's own flag `--loglevel=WARNING`, which decides nothing."""
    copy = order(build_world())
    until(lambda: "job_ended" in worker.log(), "the job to end")
    lines = [json.loads(line) for line in worker.log().splitlines() if line.startswith("{")]
    started, ended = [line for line in lines if line["event"] in ("job_started", "job_ended")]
    assert (started["event"], started["job"], started["kind"]) == ("job_started", str(copy.job_id), "report")
    assert (ended["state"], ended["seconds"] > 0) == ("done", True)
    assert alive("worker").get().state_folder == folder_id()


def test_a_job_sent_twice_is_done_once(worker: Worker) -> None:
    world = build_world()
    with worker.held():
        copy = order(world)
        for _ in range(3):
            worker.nudge(copy.job_id)
    until(lambda: state_of(copy) == "done", "the job to be done")
    another = order_report(by=copy.reader, assessment=copy.assessment, scope="report", language="en", format="csv")
    # The queue is in order: when this one came through, what was sent before did, too.
    until(lambda: state_of(another) == "done", "the next job to be done")
    assert Job.objects.get(pk=copy.job_id).attempts == 1
    assert len(storages["private"].listdir("reports")[1]) == 2


def test_r7_a_revoke_reaches_a_job_in_a_workers_hands(worker: Worker) -> None:
    world = build_world()
    with answers_locked():
        copy = order(world)
        stand_halfway(copy)
        grant = world.factory_a.grants.get()
        revoke_access(by=world.person("manager_a"), grant=grant)
    until(lambda: state_of(copy) == "failed", "the job to end")
    copy.refresh_from_db()
    assert copy.file == ""
    assert not storages["private"].exists("reports") or storages["private"].listdir("reports")[1] == []
