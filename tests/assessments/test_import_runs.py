"""The long table in: an import is one job, that may be run again, stopped or overtaken."""

import datetime as dt

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from assessments.imports.applying import apply_batch
from assessments.imports.models import ImportBatch, ImportRow, ImportVisit
from assessments.imports.services import confirm_import
from assessments.models import Assessment
from portal.core import jobs
from portal.core.models import Job
from tests.assessments.tables import OVERTIME, check, load, rows_of_everything, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]


def test_the_uploads_file_and_rows_are_gone_after_the_import(world):
    batch = load(world.person("team_leader"), table({}))
    assert not storages["private"].exists(batch.file)
    assert not ImportRow.objects.exists()
    assert not ImportVisit.objects.exists()


def test_running_the_import_again_does_nothing(world):
    batch = load(world.person("team_leader"), table({}))
    before = rows_of_everything()
    assert apply_batch(batch, lambda *_: None) == batch.plan["applied"]
    jobs.run(batch.job_id)
    assert rows_of_everything() == before


def test_lost_rows_are_staged_again(world):
    by = world.person("team_leader")
    batch = check(by, table({}, OVERTIME))
    ImportRow.objects.all().delete()
    ImportVisit.objects.all().delete()
    confirm_import(by=by, batch=batch)
    assert Assessment.objects.get(quest_id="70003").answers.count() == 2


def test_what_changed_since_the_preview_stops_the_import(world):
    by = world.person("team_leader")
    content = table({}, OVERTIME)
    first, second = check(by, content), check(by, content)
    confirm_import(by=by, batch=first)
    batch = confirm_import(by=by, batch=second)
    batch.refresh_from_db()
    assert (batch.state, batch.job.state) == ("ready", "failed")
    assert batch.plan["unchanged"] == 1


def test_the_right_is_asked_again_when_the_job_runs(world, monkeypatch):
    by = world.person("team_leader")
    batch = check(by, table({}))
    monkeypatch.setattr(jobs, "nudge", lambda _: None)
    batch = confirm_import(by=by, batch=batch)
    by.groups.clear()
    jobs.run(batch.job_id)
    assert not Assessment.objects.filter(quest_id="70003").exists()
    assert Job.objects.get(pk=batch.job_id).state == "failed"


def test_cancelling_while_it_writes_changes_nothing(world):
    by = world.person("team_leader")
    batch = check(by, table({}))

    def cancel(*_):
        raise jobs.JobCancelled

    before = rows_of_everything()
    with pytest.raises(jobs.JobCancelled):
        apply_batch(ImportBatch.objects.get(pk=batch.pk), cancel)
    assert rows_of_everything() == before


def test_an_undecided_upload_is_discarded_after_a_week(world):
    by = world.person("team_leader")
    old = check(by, table({}))
    ImportBatch.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(days=8))
    check(world.person("vietnam_manager"), table({"Quest ID": "9"}))
    old.refresh_from_db()
    assert old.state == "discarded"
    assert not ImportRow.objects.filter(batch_id=old.pk).exists()
