"""Expensive forms: one at a time for each person, and no larger than what is read while they wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.urls import reverse

from brands.models import Supplier
from portal.accounts.models import User
from portal.core.turns import TURNS, turn_of
from sharing.matching import MOST_LINES
from sharing.models import AccessRequest
from sharing.views import asking
from tests.world import World

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
BIG = SimpleUploadedFile("t.csv", b"name\n" + b"x" * 3 * 1024 * 1024 + b"y" * 100_000)


@contextmanager
def busy(person: User) -> Iterator[None]:
    """Another process works on a form of this person."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [TURNS, person.pk])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [TURNS, person.pk])


def turns_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = %s",
            [TURNS],
        )
        return int(cursor.fetchone()[0])


def forms(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """Every form of this kind: who sends it, where to, and what."""
    brand, factory = world.brand_a.pk, world.factory_a.pk
    return [
        ("brand_a_member", reverse("ask_list", args=[brand]), {"text": "KH-0002"}),
        ("brand_a_member", reverse("ask", args=[brand]), {"factory": world.factory_b.pk, "purpose": "Sourcing review"}),
        ("brand_a_manager", reverse("supplier_import", args=[brand]), {}),
        ("team_leader", reverse("factory_import"), {}),
        ("team_leader", reverse("factory_import_confirm"), {"upload": "x"}),
        ("programme_manager", reverse("tool_import"), {}),
        ("team_leader", reverse("import_assessments"), {}),
        ("team_leader", reverse("grant_paper", args=[factory]), {}),
        ("team_leader", reverse("handover_open", args=[factory]), {}),
    ]


def test_a_second_expensive_form_is_asked_to_wait_and_nothing_is_done(world: World, client_of: Any) -> None:
    for persona, address, body in forms(world):
        person, browser = world.person(persona), client_of(world.person(persona))
        with busy(person):
            refused = browser.post(address, body)
            assert (address, refused.status_code) == (address, 429)
            assert "Wait until the other one is finished" in refused.content.decode()
            assert int(refused.headers["Retry-After"]) > 0
            assert browser.get(address).status_code != 429, "reading takes no turn"
        assert browser.post(address, body).status_code != 429
    assert turns_held() == 0
    assert not AccessRequest.objects.exists()


def test_another_persons_form_is_not_waited_for(world: World, client_of: Any) -> None:
    address = reverse("ask_list", args=[world.brand_a.pk])
    with busy(world.person("brand_a_manager")):
        assert client_of(world.person("brand_a_member")).post(address, {"text": "KH-0002"}).status_code == 200


def test_the_api_matches_one_list_at_a_time(world: World, api_of: Any) -> None:
    address = reverse("api:brand-factories-match", args=[world.brand_a.pk])
    browser, lines = api_of(world.person("brand_a_member")), {"lines": [{"bw_id": "KH-0002"}]}
    with busy(world.person("brand_a_member")):
        refused = browser.post(address, lines, format="json")
    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert int(refused.headers["Retry-After"]) > 0
    assert browser.post(address, lines, format="json").status_code == 200


def test_a_turn_ends_with_an_error_too(world: World) -> None:
    def fails() -> None:
        with turn_of(world.person("manager_a").pk) as is_theirs:
            assert (is_theirs, turns_held()) == (True, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert turns_held() == 0


def test_a_list_has_so_many_lines_and_a_longer_supplier_list_says_so(
    world: World, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, address = client_of(world.person("brand_a_member")), reverse("ask_list", args=[world.brand_a.pk])
    page = browser.post(address, {"text": "\n".join(f"Name {number}" for number in range(MOST_LINES + 1))})
    assert page.status_code == 400
    assert f"A list may have {MOST_LINES} lines" in page.content.decode()
    monkeypatch.setattr(asking, "MOST_LINES", 1)
    Supplier.objects.bulk_create(Supplier(brand=world.brand_a, name=f"Name {number}") for number in range(2))
    page = browser.post(address, {"suppliers": "yes"})
    assert "Your supplier list has 2 rows. The first 1 are matched" in page.content.decode()
