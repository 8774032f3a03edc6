"""Jobs: the row is the truth; claimed once, cancelled, failed in words, rescued when a worker dies."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from django.utils.translation import override

from portal.core import jobs
from portal.core.job_texts import CoreJobText, in_words, job_texts
from portal.core.jobs import JobCancelled, JobError, JobRun, cancel_job, claim, requeue_lost, run, start_job
from portal.core.models import Job
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict:
    """A clean registry with one handler that succeeds."""
    registry = {"ok": lambda _job_run: {"id": 7}}
    monkeypatch.setattr(jobs, "HANDLERS", registry)
    return registry


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """The ids sent to the broker."""
    sent: list[UUID] = []
    monkeypatch.setattr(jobs, "nudge", sent.append)
    return sent


def order(world: World, kind: str = "ok", persona: str = "manager_a") -> Job:
    return start_job(kind=kind, by=world.person(persona), params={})


def fresh(job: Job) -> Job:
    job.refresh_from_db()
    return job


def test_a_job_is_sent_after_the_commit_and_runs_once(
    world: World, handlers, nudged, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = order(world)
        assert nudged == []
    assert nudged == [job.pk]

    run(job.pk)
    run(job.pk)

    assert (fresh(job).state, job.result, job.attempts, job.percent) == ("done", {"id": 7}, 1, 100)


def test_two_workers_cannot_claim_the_same_job(world: World, handlers) -> None:
    job = order(world)

    assert claim(job.pk) is not None
    assert claim(job.pk) is None


def test_an_unknown_kind_is_refused_when_it_is_ordered(world: World, handlers) -> None:
    with pytest.raises(LookupError):
        order(world, kind="unheard-of")


def test_what_the_owner_can_understand_is_shown_and_everything_else_is_not(world: World, handlers) -> None:
    def fails(job_run: JobRun) -> dict:
        raise JobError(CoreJobText.INTERRUPTED, times=7)

    def breaks(job_run: JobRun) -> dict:
        raise RuntimeError("the wage of Sok Dara is 190")

    handlers |= {"fails": fails, "breaks": breaks}
    failed, broken = order(world, "fails"), order(world, "breaks")
    run(failed.pk)
    run(broken.pk)

    assert (fresh(failed).state, failed.error) == ("failed", "jobs.interrupted")
    assert failed.error_in_words == "The work was interrupted 7 times. Try again later."
    assert fresh(broken).state == "failed"
    assert "Sok Dara" not in broken.error_in_words
    assert str(broken.pk) in broken.error_in_words


def test_a_failure_is_stored_as_a_code_and_read_in_the_readers_language(world: World, handlers) -> None:
    def breaks(job_run: JobRun) -> dict:
        raise RuntimeError

    handlers["breaks"] = breaks
    with override("km"):  # whatever language the worker happens to speak
        broken = order(world, "breaks")
        run(broken.pk)
    assert (fresh(broken).error, broken.error_params) == ("jobs.broken", {"job": str(broken.pk)})
    sentences = set()
    for language in ("en", "fr", "km"):
        with override(language):
            sentences.add(broken.error_in_words.replace(str(broken.pk), ""))
    assert len(sentences) == 3


def test_every_text_of_a_job_fits_its_row_and_needs_only_what_is_stored_with_it() -> None:
    texts = job_texts()
    assert len(texts) > 10
    for code, text in texts.items():
        assert in_words(code, {"job": "1", "times": 3}) == str(text.label) % {"job": "1", "times": 3}
        assert len(code) <= Job._meta.get_field("message").max_length
    assert in_words("Der Vorgang wurde abgebrochen.", {}) == "Der Vorgang wurde abgebrochen."


def test_contents_of_an_unexpected_error_never_reach_the_log(world: World, handlers, caplog) -> None:
    def breaks(job_run: JobRun) -> dict:
        raise RuntimeError("the wage of Sok Dara is 190")

    handlers["breaks"] = breaks
    run(order(world, "breaks").pk)

    assert "RuntimeError" in caplog.text
    assert "tests/core/test_jobs.py" in caplog.text, "the frames say where"
    assert "breaks" in caplog.text
    assert "Sok Dara" not in caplog.text


def test_the_log_says_when_a_job_started_and_how_it_ended(world: World, handlers, caplog) -> None:
    caplog.set_level("INFO")
    job = order(world)
    run(job.pk)

    started, ended = [record.msg for record in caplog.records if record.name == "portal.core.jobs"]
    assert (started["event"], started["job"], started["kind"]) == ("job_started", str(job.pk), "ok")
    assert (ended["event"], ended["job"], ended["kind"], ended["state"]) == ("job_ended", str(job.pk), "ok", "done")
    assert ended["seconds"] >= 0


def test_a_waiting_job_is_cancelled_at_once(world: World, handlers) -> None:
    job = cancel_job(by=world.person("manager_a"), job=order(world))
    run(job.pk)

    assert fresh(job).state == "cancelled"


def test_a_running_job_stops_at_its_next_step(world: World, handlers) -> None:
    def slow(job_run: JobRun) -> dict:
        job_run.report(0, 10, CoreJobText.BROKEN)
        cancel_job(by=world.person("manager_a"), job=job_run.job)
        job_run.report(10, 10)
        raise AssertionError("went on after the cancellation")

    handlers["slow"] = slow
    job = order(world, "slow")
    run(job.pk)

    assert (fresh(job).state, job.progress) == ("cancelled", 0)


def test_nobody_else_sees_or_cancels_a_job(world: World, handlers, client_of) -> None:
    job = order(world)
    other = world.person("member_a")

    cancel_job(by=other, job=job)
    assert fresh(job).state == "queued"
    for url in (f"/jobs/{job.pk}/", f"/jobs/{job.pk}/cancel/"):
        assert client_of(other).post(url).status_code in {404, 405}
        assert client_of(other).get(url).status_code in {404, 405}
    assert client_of(world.person("manager_a")).get(f"/jobs/{job.pk}/").status_code == 200


def test_a_lost_lease_is_queued_again_and_the_old_worker_hands_over_nothing(world: World, handlers, nudged) -> None:
    job = order(world)
    first = claim(job.pk)
    assert first is not None
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    assert requeue_lost() == 1
    assert nudged == [job.pk]
    second = claim(job.pk)
    assert second is not None
    with pytest.raises(JobCancelled):
        JobRun(first).report(1, 1)
    jobs._finish(first, Job.State.DONE, result={"id": "stale"})
    assert (fresh(job).state, job.result) == ("running", {})


def test_a_job_lost_three_times_fails_and_a_cancelled_one_ends(world: World, handlers, nudged) -> None:
    tired, cancelled = order(world), order(world)
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=tired.pk).update(state="running", attempts=jobs.MAX_ATTEMPTS, lease_until=past)
    Job.objects.filter(pk=cancelled.pk).update(state="running", attempts=1, lease_until=past, cancel_requested=True)

    assert requeue_lost() == 0
    assert fresh(tired).state == "failed"
    assert "interrupted" in tired.error
    assert fresh(cancelled).state == "cancelled"


def test_a_message_that_never_arrived_is_sent_again(world: World, handlers, nudged, settings) -> None:
    job = order(world)
    assert requeue_lost() == 0
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - settings.JOB_LEASE - timedelta(seconds=1))

    assert requeue_lost() == 1
    assert nudged == [job.pk]
