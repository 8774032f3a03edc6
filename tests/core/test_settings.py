"""A setting that is missing or wrong stops every process with a sentence that says what to set."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from portal.settings import private_folder

ROOT = Path(__file__).resolve().parent.parent.parent
COMPLETE = {
    "DEBUG": "false",
    "SECRET_KEY": "k" * 60,
    "SIGNING_KEYS": "dGhlIHNpZ25pbmcga2V5IG9mIGFsbCB0ZXN0czogMzI",
    "ALLOWED_HOSTS": "portal.example.org",
    "DATABASE_URL": "postgres://portal_app:secret@127.0.0.1:5432/portal",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "DEFAULT_FROM_EMAIL": "Portal <portal@example.org>",
}


def read_settings(folder: Path, expression: str = "''", **changes: str) -> str:
    """What the settings of production say, or the last line of why they do not start."""
    environment = {"PATH": os.environ["PATH"], "STATE_DIR": str(folder / "state"), **COMPLETE, **changes}
    environment = {name: value for name, value in environment.items() if value}
    code = f"from portal import settings; print({expression})"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS has a key that is too short"),
        ({"DEFAULT_FROM_EMAIL": ""}, "Set DEFAULT_FROM_EMAIL, for example"),
        ({"DEFAULT_FROM_EMAIL": "portal@localhost"}, "set an address that mails come from"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN is too short: set at least 32 random characters"),
        ({"SIGNING_KEYS": "A" * 43}, "SIGNING_KEYS: key 1 is not random"),
        ({"STATE_DIR": "/dev/null/state"}, "STATE_DIR: the folder /dev/null/state cannot be made"),
    ],
)
def test_it_stops_with_a_sentence(tmp_path: Path, changes: dict[str, str], sentence: str) -> None:
    assert sentence in read_settings(tmp_path, **changes)


@pytest.mark.parametrize(
    ("changes", "backend"),
    [
        ({}, "portal.core.cache.RedisOrOwnMemory"),
        ({"REDIS_URL": "", "BROKER_URL": "redis://127.0.0.1:6379/0"}, "django.core.cache.backends.db.DatabaseCache"),
    ],
)
def test_limits_are_counted_in_redis_where_there_is_one(tmp_path: Path, changes: dict[str, str], backend: str) -> None:
    assert read_settings(tmp_path, "settings.CACHES['default']['BACKEND']", **changes) == backend


def test_earlier_secret_keys_are_read(tmp_path: Path) -> None:
    keys = "a" * 50 + ", " + "b" * 50
    assert read_settings(tmp_path, "len(settings.SECRET_KEY_FALLBACKS)", SECRET_KEY_FALLBACKS=keys) == "2"


def test_a_missing_state_folder_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert read_settings(tmp_path, "settings.STATE_DIR", STATE_DIR=str(folder)) == str(folder)
    for made in (folder, folder / "incoming"):
        assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_stops_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # as root, everything can be written
    with pytest.raises(ImproperlyConfigured, match=r"this user may not write in .*Run all processes as one user"):
        private_folder("STATE_DIR", tmp_path)


def test_beat_starts_where_there_is_no_state_folder_yet(tmp_path: Path) -> None:
    """The process itself: it opens its schedule in that folder."""
    state = tmp_path / "state"
    environment = {
        "PATH": os.environ["PATH"],
        **COMPLETE,
        "STATE_DIR": str(state),
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "portal", "beat"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as beat:
        try:
            deadline = time.monotonic() + 60
            while not list(state.glob("celerybeat-schedule*")) and time.monotonic() < deadline and beat.poll() is None:
                time.sleep(0.05)
            assert list(state.glob("celerybeat-schedule*"))
            assert beat.poll() is None
        finally:
            beat.kill()
