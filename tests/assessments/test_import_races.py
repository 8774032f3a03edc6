"""Imports at the same moment, cancelled in the middle, and with the worker killed in the middle; real transactions."""

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connections
from django.utils import timezone

from assessments.imports import applying, heartbeat
from assessments.imports.models import ImportBatch, ImportRow
from assessments.imports.services import confirm_import, discard_import, start_import
from assessments.models import Answer, Assessment
from factories.models import Factory
from portal.core import jobs
from portal.core.models import Job
from tests.assessments.tables import LEAVE, OVERTIME, table
from tests.world import build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])
CONTENT = table(
    *({"Factory Assessed ID": "KH-9", "Quest ID": "1", "Cycle": "1", **row} for row in ({}, OVERTIME, LEAVE)),
    *({"Factory Assessed ID": "KH-9", "Quest ID": "2", "Cycle": "2", **row} for row in ({}, OVERTIME, LEAVE)),
)


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setattr(jobs, "nudge", lambda _: None)  # each test says when a worker works
    return build_world()


def confirmed(world):
    by = world.person("team_leader")
    batch = start_import(by=by, upload=ContentFile(CONTENT, name="t.csv"))
    jobs.run(batch.job_id)
    return confirm_import(by=by, batch=batch, create_missing=True)


def imported():
    made = Assessment.objects.filter(quest_id__in=["1", "2"])
    return (
        made.count(),
        Answer.objects.filter(assessment__in=made).count(),
        Factory.objects.filter(bw_id="KH-9").count(),
    )


def test_two_imports_of_one_table_make_it_once(world):
    batches = [confirmed(world), confirmed(world)]
    threads = [threading.Thread(target=work, args=(batch.job_id,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert imported() == (2, 6, 1)
    states = set(ImportBatch.objects.values_list("state", flat=True))
    assert states == {"applied", "ready"}  # the second one has a new preview: nothing to do


def work(job_id):
    try:
        jobs.run(job_id)
    finally:
        connections.close_all()


def test_a_double_click_orders_one_import(world):
    batch = confirmed(world)
    again = confirm_import(by=world.person("team_leader"), batch=batch, create_missing=True)
    assert again.job_id == batch.job_id
    assert Job.objects.filter(kind="assessments.import_table").count() == 1


KILLED = """
import os, signal, django
django.setup()
from assessments.imports import applying
from portal.core import jobs
applying.{step} = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
jobs.run({job!r})
"""


@pytest.mark.parametrize("step", ["_write_answers", "_finish_factories", "_record"])
def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_finishes(world, step):
    batch = confirmed(world)
    before = imported()
    server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    url = f"{server}/{connections['default'].settings_dict['NAME']}"
    done = subprocess.run(
        [sys.executable, "-c", KILLED.format(step=step, job=str(batch.job_id))],
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DATABASE_OWNER_URL": "",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "STATE_DIR": str(settings.STATE_DIR),
            "DEBUG": "true",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert imported() == before == (0, 0, 0)
    Job.objects.filter(pk=batch.job_id).update(lease_until=timezone.now() - timedelta(seconds=1))
    jobs.run(batch.job_id)
    assert imported() == (2, 6, 1)
    assert Job.objects.get(pk=batch.job_id).state == "done"


def test_cancelled_while_it_writes(world, monkeypatch):
    """The owner cancels; the heartbeat's own connection sees it, and the transaction is given up."""
    monkeypatch.setattr(heartbeat, "SECONDS", 0.01)
    batch = confirmed(world)
    write = applying._write_answers
    noticed = threading.Event()
    tell = heartbeat.Heartbeat._tell

    def told(beat):
        tell(beat)
        if beat._cancelled.is_set():
            noticed.set()

    def cancelled(*arguments):
        person = threading.Thread(target=cancel, args=(batch.job_id,))
        person.start()
        person.join()
        assert noticed.wait(20)
        write(*arguments)

    monkeypatch.setattr(heartbeat.Heartbeat, "_tell", told)
    monkeypatch.setattr(applying, "_write_answers", cancelled)
    jobs.run(batch.job_id)
    assert Job.objects.get(pk=batch.job_id).state == "cancelled"
    assert imported() == (0, 0, 0)
    monkeypatch.setattr(applying, "_write_answers", write)
    again = confirm_import(by=world.person("team_leader"), batch=batch, create_missing=True)
    jobs.run(again.job_id)
    assert imported() == (2, 6, 1)


def cancel(job_id):
    try:
        Job.objects.filter(pk=job_id).update(cancel_requested=True)
    finally:
        connections.close_all()


def test_discarded_while_it_is_checked(world):
    by = world.person("team_leader")
    batch = start_import(by=by, upload=ContentFile(CONTENT, name="t.csv"))
    discard_import(by=by, batch=batch)
    jobs.run(batch.job_id)
    assert not ImportRow.objects.exists()
    assert ImportBatch.objects.get(pk=batch.pk).state == "discarded"
