"""Whether the portal is well: heartbeats, readiness, probes by address, metrics, the check of an installation."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import override_settings

from portal.core.health import checks, heartbeats, state_folder
from portal.core.health.heartbeats import write_heartbeat
from portal.core.models import Heartbeat, Job
from portal.core.uploads import folders, keep_upload
from sharing.models import PaperConsent
from tests.world import World

pytestmark = pytest.mark.django_db
TOKEN = "t" * 40


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker and a beat, which are two processes."""
    monkeypatch.setattr(heartbeats, "_name", lambda process: f"host:{process}")
    for process in ("worker", "beat"):
        write_heartbeat(process)


def ready(client: Any) -> tuple[int, list[str]]:
    """The status, and the names of what failed."""
    response = client.get("/health/ready/")
    return response.status_code, [name for name, found in response.json()["checks"].items() if found != "ok"]


def test_ready_needs_a_worker_and_a_beat_that_live(client: Any, alive: None) -> None:
    assert ready(client) == (200, [])
    Heartbeat.objects.filter(process="beat").update(at=Now() - heartbeats.STALE_AFTER)
    assert ready(client) == (503, ["beat"])
    for process in ("worker", "beat"):
        heartbeats.end_heartbeat(process)
    assert ready(client) == (503, ["worker", "beat"])


def test_a_container_finds_its_own_worker_and_beat_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="No worker on this host"):
        call_command("check_heartbeat", "worker")
    write_heartbeat("worker")
    call_command("check_heartbeat", "worker", stdout=StringIO())
    with pytest.raises(CommandError, match="No beat on this host"):
        call_command("check_heartbeat", "beat")
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    with pytest.raises(CommandError, match="No worker on this host"):
        call_command("check_heartbeat", "worker")


def test_ready_names_what_fails_and_not_why(client: Any, alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> str:
        raise checks.UnwellError("redis://:secret@host is away")

    monkeypatch.setattr("portal.core.health.views.readiness", [checks.Check("broker", away)])
    assert ready(client) == (503, ["broker"])
    assert b"secret" not in client.get("/health/ready/").content


def test_a_worker_with_another_folder_is_found(client: Any, alive: None, tmp_path: Path) -> None:
    with override_settings(STATE_DIR=tmp_path / "another"):
        configured.STATE_DIR.mkdir()
        assert ready(client) == (503, ["state folder"])
        with pytest.raises(checks.UnwellError, match="host:worker use another STATE_DIR"):
            checks.state_folder()
    assert state_folder.folder_id() == state_folder.folder_id()


def test_a_missing_migration_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checks.migrations() == "All migrations are applied."
    monkeypatch.setattr(checks, "_newest", lambda: frozenset({("core", "9999_not_there")}))
    with pytest.raises(checks.UnwellError, match=r"core\.9999_not_there.*migrate --database owner"):
        checks.migrations()


def test_the_app_roles_rights_are_those_that_migrate_gave(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no more" in checks.rights()
    monkeypatch.setattr("portal.core.database_rights.table_rights", lambda: iter([("core_event", "SELECT")]))
    with pytest.raises(checks.UnwellError, match="the app role has INSERT, SELECT on core_event"):
        checks.rights()


def test_a_way_to_switch_triggers_off_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another function than ours, such as the one that `manage.py pgtrigger install` puts in its place."""
    switched_off = "SELECT trigger_name = ANY(current_setting('pgtrigger.ignore'))"
    monkeypatch.setattr("portal.core.database_rights.NO", switched_off)
    with pytest.raises(checks.UnwellError, match="every session can switch triggers off"):
        checks.rights()


@pytest.mark.parametrize("path", ["/health/", "/health/ready/", "/metrics/"])
def test_probes_may_ask_by_address(client: Any, alive: None, settings: Any, path: str) -> None:
    settings.METRICS_TOKEN, settings.SECURE_SSL_REDIRECT = TOKEN, True
    headers = {"host": "10.20.30.40:8000", "authorization": f"Bearer {TOKEN}"}
    assert client.get(path, headers=headers).status_code == 200
    for page in ("/", "/health", "/accounts/login/", "/accounts/password/reset/", "/api/v1/me/"):
        assert client.get(page, headers=headers, secure=True).status_code == 400, page


def test_metrics_are_off_without_a_token_and_closed_without_the_right_one(client: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics/", headers={"authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for sent in ("", "Bearer ", "Bearer é", "Bearer " + "u" * 40, "Basic " + TOKEN):
        assert client.get("/metrics/", headers={"authorization": sent}).status_code == 401, sent


def test_metrics_count_without_naming_anybody(client: Any, world: World, alive: None, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.MIDDLEWARE = [
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        *settings.MIDDLEWARE,
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ]
    Job.objects.create(kind="x", owner=world.person("manager_a"))
    client.force_login(world.person("manager_a"))
    client.get(f"/factories/{world.factory_a.pk}/?q=Sok+Dara")
    page = client.get("/metrics/", headers={"authorization": f"Bearer {TOKEN}"}).content.decode()
    assert 'portal_jobs{state="queued"} 1.0' in page
    assert 'portal_processes{process="worker"} 1.0' in page
    assert "portal_webhooks_waiting 0.0" in page
    assert 'view="factory"' in page
    for named in (world.factory_a.name, world.person("manager_a").email, f"/{world.factory_a.pk}", "Sok", "manager"):
        assert named not in page.replace("portal_", "")


def check_installation() -> tuple[bool, str]:
    """Whether all is well, and the lines."""
    out = StringIO()
    try:
        call_command("check_installation", stdout=out)
    except CommandError:
        return False, out.getvalue()
    return True, out.getvalue()


def test_the_installation_is_checked_line_by_line(alive: None) -> None:
    is_well, lines = check_installation()
    assert is_well, lines
    names = [line[7:].split(":")[0] for line in lines.splitlines()]
    assert names == [check.name for check in checks.installation]
    assert set(names) >= {"database", "rights", "migrations", "broker", "state folder", "worker", "beat", "mail"}
    assert set(names) >= {"scans", "webhook secrets"}


@pytest.mark.parametrize("found", [("error", "terse"), ("panic", "default")])
def test_a_database_that_logs_values_is_named(
    alive: None, monkeypatch: pytest.MonkeyPatch, found: tuple[str, str]
) -> None:
    """Only a superuser changes these settings, so a server with others is made up here."""
    assert "ok     database log: " in check_installation()[1]
    monkeypatch.setattr(checks, "_log_settings", lambda: found)
    is_well, lines = check_installation()
    assert not is_well
    assert "WRONG  database log: " in lines
    assert "ALTER ROLE portal_app SET log_min_error_statement = panic" in lines


def test_a_second_beat_and_a_missing_scan_are_named(world: World, alive: None) -> None:
    Heartbeat.objects.create(name="other:1", process="beat", at=Now(), state_folder=state_folder.folder_id())
    PaperConsent.objects.create(
        factory=world.factory_a, document="consents/gone", content_type="image/png", sha256="0" * 64, signed_by="S",
        signed_on="2026-01-01", recorded_by=world.person("team_leader"),
    )  # fmt: skip
    is_well, lines = check_installation()
    assert not is_well
    assert "WRONG  beat: 2 beats run (host:beat, other:1): keep exactly one." in lines
    assert "WRONG  scans: 1 scans are not in" in lines
    assert "consents/gone" in lines


def test_old_heartbeats_are_deleted(alive: None) -> None:
    Heartbeat.objects.filter(process="beat").update(at=Now() - timedelta(days=2))
    assert heartbeats.clear_old_heartbeats() == 1
    assert [beat.process for beat in Heartbeat.objects.all()] == ["worker"]


def test_a_folder_without_an_owner_takes_no_file() -> None:
    with pytest.raises(KeyError):
        keep_upload(ContentFile(b"x"), "elsewhere")
    assert set(folders) == {"consents", "handovers", "uploads", "uploads/factories", "uploads/subscriptions"}
