"""A setting that is missing or wrong stops every process with a sentence that says what to set."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COMPLETE = {
    "DEBUG": "false",
    "SECRET_KEY": "k" * 60,
    "SIGNING_KEYS": "test-1:dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHQ=",
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
    return (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1:][0] if done else ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY_FALLBACKS": "short"}, "SECRET_KEY_FALLBACKS has a key that is too short"),
    ],
)
def test_it_stops_with_a_sentence(tmp_path: Path, changes: dict[str, str], sentence: str) -> None:
    assert sentence in read_settings(tmp_path, **changes)


def test_earlier_secret_keys_are_read(tmp_path: Path) -> None:
    keys = "a" * 50 + ", " + "b" * 50
    assert read_settings(tmp_path, "len(settings.SECRET_KEY_FALLBACKS)", SECRET_KEY_FALLBACKS=keys) == "2"
