"""What every response and every request's line in the log carries, and what it must not."""

from typing import Any
from uuid import uuid4

import pytest
import structlog
from django.test import Client
from django.urls import reverse

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
        ("factories/", 302),
        ("(no page)", 404),
    ]
    assert all(line["milliseconds"] >= 0 for line in lines)
    said = repr(lines)
    for secret in ("a-secret-word", "tonle", "cursor-with-names", "at-all"):
        assert secret not in said
