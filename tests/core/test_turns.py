"""Expensive forms: one at a time for each person, and no larger than what is read while they wait."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from brands.models import Brand, Supplier
from portal.accounts.models import User
from portal.core import turns
from portal.core.models import Event, Job
from portal.core.turns import ROOM, TURNS, turn_of
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.matching import MOST_LINES
from sharing.requests.views import asking
from tests.matrix.stage import SCAN
from tests.world import World

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other form does not end: there is nothing to wait for."""
    monkeypatch.setattr(turns, "TRIES", 1)
    monkeypatch.setattr(turns, "PAUSE_SECONDS", 0.01)


@contextmanager
def busy(person: User) -> Iterator[None]:
    """Another process works on a form of this person."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [TURNS, person.pk % ROOM])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [TURNS, person.pk % ROOM])


def turns_held() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = %s",
            [TURNS],
        )
        return int(cursor.fetchone()[0])


def table(*lines: str) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("table.csv", "".join(f"{line}\n" for line in lines).encode())}


def factories() -> dict[str, Any]:
    return table("bw_id,name,country", "KH-0100,Lotus Yarn,Cambodia")


def subscriptions(world: World) -> dict[str, Any]:
    return table("bw_id,brand,cycle,bought_on,reference", f"KH-0001,{world.brand_b.name},2,2026-01-05,INV-1")


def previewed(browser: Client, address: str, body: dict[str, Any]) -> dict[str, Any]:
    """Upload a table; return what confirms it."""
    return {"upload": browser.post(address, body).context["token"]}


def written() -> tuple[int, ...]:
    """How many rows there are of what such a form leaves behind."""
    return tuple(model.objects.count() for model in (Event, Job, AccessRequest))


Form = tuple[str, str, Callable[[World, Client], dict[str, Any]], int]


def forms(world: World) -> list[Form]:
    """Every form of this kind: who sends it, where to, a complete body, and what answers it."""
    brand, factory, country = [world.brand_a.pk], [world.factory_a.pk], [world.cambodia.pk]
    subscriptions_page = reverse("subscription_import", args=country)
    return [
        ("brand_a_member", reverse("ask_list", args=brand), lambda _w, _b: {"text": "KH-0002"}, 200),
        ("brand_a_member", reverse("ask", args=brand), lambda world, _b: {
            "factory": world.factory_b.pk, "scopes": ["report"], "cycles": "all", "purpose": "Sourcing review",
        }, 302),
        ("manager_a", reverse("grant", args=factory), lambda world, _b: {
            "brands": [world.brand_b.pk], "scopes": ["report"], "cycles": "all",
        }, 200),
        ("manager_b", reverse("requests_answer", args=[world.factory_b.pk]), lambda _w, _b: {
            "answer": "later", "days": "7", "ids": [str(AccessRequest.objects.get().pk)],
        }, 200),
        ("team_leader", reverse("board_steps"), lambda world, _b: {
            "step": "publish", "ids": [str(world.assessments["a3"].pk)],
        }, 200),
        ("brand_a_manager", reverse("supplier_import", args=brand), lambda _w, _b: table("name", "Lotus Yarn"), 302),
        ("team_leader", reverse("factory_import"), lambda _w, _b: factories(), 200),
        ("team_leader", reverse("factory_import_confirm"),
         lambda _w, browser: previewed(browser, reverse("factory_import"), factories()), 302),
        ("team_leader", subscriptions_page, lambda world, _b: subscriptions(world), 200),
        ("team_leader", reverse("subscription_import_confirm", args=country),
         lambda world, browser: previewed(browser, subscriptions_page, subscriptions(world)), 302),
        ("programme_manager", reverse("tool_import"), lambda world, _b: {
            "name": "Cambodia CAT V2", "kind": "CAT", "programme": world.cambodia.pk, "version": "2", "language": "en",
            **table("cluster,compliance_point,question_id,label,type", "Working Time,Leave,3,Days of leave,FGW"),
        }, 302),
        ("team_leader", reverse("import_assessments"), lambda _w, _b: table("Country", "Cambodia"), 302),
        ("team_leader", reverse("grant_paper", args=factory), lambda world, _b: {
            "brands": [world.brand_b.pk], "scopes": ["report"], "cycles": "all", "signed_by": "Sok Dara, manager",
            "signed_on": "2026-01-05", "is_as_signed": "on", "scan": SimpleUploadedFile("form.pdf", SCAN),
        }, 302),
        ("team_leader", reverse("handover_open", args=factory), lambda _w, _b: {
            "new_name": "Next Manager", "new_email": "next@test.example", "evidence": "A letter of the owner",
        }, 302),
    ]  # fmt: skip


def test_a_second_expensive_form_is_asked_to_wait_and_nothing_is_done(world: World, client_of: Any) -> None:
    for persona, address, body, success in forms(world):
        person, browser = world.person(persona), client_of(world.person(persona))
        bodies, before = [body(world, browser) for _time in range(2)], written()
        with busy(person):
            refused = browser.post(address, bodies[0])
            assert (address, refused.status_code) == (address, 429)
            assert "Wait until the other one is finished" in refused.content.decode()
            assert int(refused.headers["Retry-After"]) > 0
            assert browser.get(address).status_code in (200, 302, 405), "reading takes no turn"
            assert (address, written()) == (address, before)
        assert (address, browser.post(address, bodies[1]).status_code) == (address, success)
        assert (written() > before) == (success == 302), address
    assert AccessRequest.objects.get().factory == world.factory_b
    assert turns_held() == 0


def test_a_double_click_waits_for_its_turn_and_a_third_one_does_not(world: World, monkeypatch: Any) -> None:
    person, answers = world.person("manager_a"), list[bool]()
    monkeypatch.setattr(turns, "TRIES", 500)

    def click() -> None:
        with turn_of(person.pk) as is_theirs:
            answers.append(is_theirs)
        connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    with busy(person):
        for one in clicks:
            one.start()
        while not answers:
            time.sleep(0.01)
        assert answers == [False]
    for one in clicks:
        one.join()
    assert sorted(answers) == [False, True]


def test_another_persons_form_is_not_waited_for(world: World, client_of: Any) -> None:
    address = reverse("ask_list", args=[world.brand_a.pk])
    with busy(world.person("brand_a_manager")):
        assert client_of(world.person("brand_a_member")).post(address, {"text": "KH-0002"}).status_code == 200


@pytest.mark.parametrize(("address", "success"), [("api:brand-factories-match", 200), ("api:brand-requests", 201)])
def test_the_api_works_on_one_list_at_a_time(world: World, api_of: Any, address: str, success: int) -> None:
    browser = api_of(world.person("brand_a_member"))
    orders = {
        "api:brand-factories-match": {"lines": [{"bw_id": "KH-0002"}]},
        "api:brand-requests": {"factories": [world.factory_b.pk], "scopes": ["report"], "purpose": "Sourcing review"},
    }
    path = reverse(address, args=[world.brand_a.pk])
    with busy(world.person("brand_a_member")):
        refused = browser.post(path, orders[address], format="json")
    assert (refused.status_code, refused.headers["Content-Type"]) == (429, "application/problem+json")
    assert int(refused.headers["Retry-After"]) > 0
    assert not AccessRequest.objects.exists()
    assert browser.post(path, orders[address], format="json").status_code == success


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
    assert f"A list can have at most {MOST_LINES} rows" in page.content.decode()
    monkeypatch.setattr(asking, "MOST_LINES", 1)
    Supplier.objects.bulk_create(Supplier(brand=world.brand_a, name=f"Name {number}") for number in range(2))
    page = browser.post(address, {"suppliers": "yes"})
    assert "Your supplier list has 2 rows. The first 1 are matched" in page.content.decode()


def test_more_brands_requests_or_assessments_than_a_form_takes_are_refused_with_its_limit(
    world: World, client_of: Any
) -> None:
    ids = [str(uuid4()) for _number in range(101)]
    manager, leader = client_of(world.person("manager_a")), client_of(world.person("team_leader"))
    inbox = reverse("requests_answer", args=[world.factory_a.pk])
    answer = manager.post(inbox, {"answer": "approve", "ids": ids}, follow=True)
    assert "Tick up to 100 requests at a time; you ticked 101. None was answered." in answer.content.decode()
    answer = leader.post(reverse("board_steps"), {"step": "publish", "ids": ids}, follow=True)
    assert "Tick up to 100 assessments at a time; you ticked 101. Nothing was done." in answer.content.decode()
    brands = Brand.objects.bulk_create(Brand(name=f"Brand {number}") for number in range(51))
    body = {"brands": [brand.pk for brand in brands], "scopes": ["report"], "cycles": "all"}
    answer = manager.post(reverse("grant", args=[world.factory_a.pk]), body)
    assert (answer.status_code, "Choose up to 50 brands at a time." in answer.content.decode()) == (400, True)
    assert not SharingGrant.objects.exists()
