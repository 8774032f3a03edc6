"""Celery's processes: heartbeats, a clock that jumps, and what their log says."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import time_machine
from celery.utils.timer2 import Timer

from portal.celery import app
from portal.core.health import heartbeats
from portal.core.logs import TaskErrors, without_messages
from portal.core.models import Heartbeat
from portal.core.worker import Scheduler, WorkerHeart

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the entries that beat sent."""
    names: list[str] = []
    monkeypatch.setattr(Scheduler, "apply_entry", lambda _self, entry, producer=None: names.append(entry.name))
    monkeypatch.setattr(Scheduler, "producer", None)
    monkeypatch.setattr(Scheduler, "_write_heartbeat", lambda _self: None)
    return names


def started(folder: Path) -> Scheduler:
    return Scheduler(app=app, schedule_filename=str(folder / "schedule"))


def turn(beat: Scheduler) -> None:
    """Let beat do all that is due now."""
    while beat.tick() == 0:
        pass


@pytest.mark.django_db
@pytest.mark.parametrize("is_restarted", [False, True])
def test_after_a_clock_that_was_a_month_ahead_beat_goes_on_at_once(
    tmp_path: Path, sent: list[str], is_restarted: bool
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        beat = started(tmp_path)
        clock.shift(timedelta(days=30))
        turn(beat)
        assert "requeue-lost-jobs" in sent
        clock.shift(-timedelta(days=30))
        if is_restarted:
            beat.close()
            beat = started(tmp_path)
        turn(beat)
        sent.clear()
        clock.shift(timedelta(seconds=21))
        turn(beat)
        assert "requeue-lost-jobs" in sent
        clock.shift(timedelta(days=1))
        turn(beat)
        assert "clear-old-sessions" in sent
        beat.close()


def test_beat_sleeps_less_than_a_heartbeat_lasts() -> None:
    assert app.conf.beat_scheduler == "portal.core.worker:Scheduler"
    assert app.conf.beat_max_loop_interval < heartbeats.STALE_AFTER.total_seconds() / 3


@pytest.mark.django_db
def test_beat_writes_a_heartbeat_and_takes_it_away_when_it_ends(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Scheduler, "apply_entry", lambda *_a, **_k: None)
    monkeypatch.setattr(Scheduler, "producer", None)
    beat = started(tmp_path)
    beat.tick()
    assert Heartbeat.objects.get().process == "beat"
    beat.close()
    assert not Heartbeat.objects.exists()


@pytest.mark.django_db
def test_a_worker_writes_heartbeats_while_it_is_connected() -> None:
    consumer = SimpleNamespace(timer=Timer())
    step = WorkerHeart(consumer)
    assert WorkerHeart in app.steps["consumer"]
    step.start(consumer)
    (planned,) = consumer.timer.queue
    assert Heartbeat.objects.get().process == "worker"
    Heartbeat.objects.all().delete()
    planned.entry()
    assert Heartbeat.objects.count() == 1
    step.stop(consumer)
    assert planned.entry.canceled
    assert not Heartbeat.objects.exists()


def test_a_database_that_is_away_does_not_end_the_process(monkeypatch, caplog) -> None:
    def away() -> str:
        raise OSError("the disk of Sok Dara")

    monkeypatch.setattr(heartbeats, "folder_id", away)
    heartbeats.write_heartbeat("worker")
    assert "heartbeat_not_written" in caplog.text
    assert "Sok Dara" not in caplog.text


# --- the log -------------------------------------------------------------------------------------------


@pytest.fixture
def failure() -> Iterator[BaseException]:
    try:
        try:
            raise KeyError("Sok Dara")
        except KeyError as error:
            raise ValueError("the wage of Sok Dara is 190") from error
    except ValueError as error:
        yield error


def test_an_exception_is_logged_by_type_and_frames_and_never_by_its_words(failure: BaseException) -> None:
    event = without_messages(None, "error", {"event": "x", "exc_info": failure})
    assert [one["type"] for one in event["exception"]] == ["ValueError", "KeyError"]
    assert event["exception"][0]["frames"][-1].startswith("tests/core/test_worker.py:")
    assert "Sok Dara" not in json.dumps(event)


def test_what_celery_says_of_a_task_that_failed_has_no_words_of_the_error(failure: BaseException) -> None:
    handler = logging.getLogger().handlers[0]
    about = {
        "id": "1",
        "name": "send_notices",
        "description": "raised unexpected",
        "exc": repr(failure),
        "args": "('x@y',)",
    }
    record = logging.getLogger("celery.app.trace").makeRecord(
        "celery.app.trace", logging.ERROR, __file__, 1, "Task %(name)s %(description)s: %(exc)s", (about,),
        (type(failure), failure, failure.__traceback__),
    )  # fmt: skip
    assert any(isinstance(one, TaskErrors) for one in handler.filters)
    assert handler.filter(record)
    line = json.loads(handler.format(record))
    assert line["event"] == "Task send_notices raised unexpected: ValueError"
    assert line["exception"][0]["type"] == "ValueError"
    assert "Sok Dara" not in json.dumps(line)


def test_celery_leaves_the_log_as_the_settings_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command line's own level, WARNING, would hide what jobs do."""
    root = logging.getLogger()
    monkeypatch.setattr(type(app.log), "_setup", False)
    monkeypatch.setattr(root, "level", logging.INFO)
    before = list(root.handlers)
    app.log.setup_logging_subsystem(loglevel="WARNING")
    assert (root.level, root.handlers) == (logging.INFO, before)
