"""What every response and every request's line in the log carries, and what it must not."""

import logging
from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.conf import settings
from django.test import Client
from django.urls import reverse

from portal.core.logs import RoutesOnly
from tests.world import World


@pytest.mark.django_db
def test_invariant_8_the_log_names_routes_never_addresses(world: World, client_of: Any) -> None:
    manager = client_of(world.person("manager_a"))
    with structlog.testing.capture_logs() as lines:
        Client().get(reverse("invitation", args=[uuid4(), "a-secret-word"]))
        manager.get("/factories/", {"q": "tonle", "after": "cursor-with-names"})
        manager.get("/nowhere/at-all/")
    assert [(line["route"], line["status"]) for line in lines if line["event"] == "request"] == [
        ("invitations/<uuid:invitation_id>/<str:secret>/", 404),
        ("factories/", 200),
        ("(no page)", 404),
    ]
    assert all(line["milliseconds"] >= 0 for line in lines)
    said = repr(lines)
    assert len(lines) >= 3
    for secret in ("a-secret-word", "tonle", "cursor-with-names", "at-all"):
        assert secret not in said


@pytest.mark.django_db
def test_invariant_8_what_django_says_of_a_refused_form_names_no_address(caplog: pytest.LogCaptureFixture) -> None:
    address = reverse("invitation", args=[uuid4(), "a-secret-word"])
    browser = Client(enforce_csrf_checks=True)
    handler = logging.getLogger().handlers[0]
    with caplog.at_level(logging.WARNING):
        assert browser.post(address, HTTP_ORIGIN="https://evil.example").status_code == 403
    [record] = [one for one in caplog.records if one.name == "django.security.csrf"]
    assert RoutesOnly in {type(one) for one in handler.filters} or RoutesOnly().filter(record)
    assert "a-secret-word" not in record.getMessage()
    assert "invitations/<uuid:invitation_id>/<str:secret>/" in record.getMessage()


def test_the_console_says_no_addresses() -> None:
    handlers: Any = settings.LOGGING["handlers"]
    assert handlers["console"]["filters"] == ["routes_only", "task_errors"]
