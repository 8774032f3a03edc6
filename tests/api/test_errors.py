"""Bad input over the API: a clear message, the right status, nothing changed, nothing leaked; always problem+json."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError
from django.test import RequestFactory
from rest_framework.test import APIClient

from portal.core.api import problem_response, server_error, throttling
from portal.core.api.throttling import PersonThrottle
from portal.core.pages import SALT
from sharing.models import SharingGrant
from tests.world import World

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


def problem(response: Any, status: int) -> dict[str, Any]:
    """The problem in a response, after checking that it is one."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["type"] == "about:blank"
    return body


def test_what_is_not_there_is_a_problem_too(world: World, api_of: Any):
    client = api_of(world.person("manager_a"))
    addresses = [
        "nothing/",
        "me",
        "assessments/not-an-id/",
        "factories/99999999999999999999999/",
        f"jobs/{uuid4()}/",
        "",
    ]
    for address in addresses:
        for method in ("get", "post", "delete"):
            response = getattr(client, method)(V1 + address)
            if response.status_code != 405:
                problem(response, 404)
    problem(client.get("/api/"), 404)
    problem(api_of(None).get(f"{V1}nothing/"), 401)


def test_a_method_that_is_not_there(world: World, api_of: Any):
    response = api_of(world.person("manager_a")).delete(f"{V1}factories/")
    problem(response, 405)
    assert response["Allow"] == "GET, HEAD"
    problem(api_of(world.person("manager_a")).options(f"{V1}factories/"), 405)


def test_every_answer_is_json_whatever_the_visitor_accepts(world: World, api_of: Any):
    client = api_of(world.person("manager_a"))
    assert client.get(f"{V1}me/", HTTP_ACCEPT="text/html").json()["name"] == "Manager A"
    problem(client.get(f"{V1}nothing/", HTTP_ACCEPT="text/html"), 404)
    problem(api_of(None).get("/api/schema/"), 401)


BAD_QUERIES: list[dict[str, str]] = [
    {"unknown": "1"},
    {"cursor": "made-up"},
    {"cursor": "\x00"},
    {"cycle": "two"},
    {"cycle": "0"},
    {"cycle": "99999999999999999999"},
    {"year": ""},
    {"country": "Cambodia"},
    {"page_size": "0"},
    {"page_size": "201"},
    {"search": "\x00"},
    {"search": "x" * 101},
    {"factory": "1 OR 1=1"},
    {"order": "-secret"},
]


def test_what_a_list_does_not_understand_is_named(world: World, api_of: Any):
    client = api_of(world.person("brand_a_member"))
    for query in BAD_QUERIES:
        assert set(problem(client.get(f"{V1}shared/", query), 400)["errors"]) == set(query), query


def test_a_parameter_given_twice_is_named(world: World, api_of: Any):
    body = problem(api_of(world.person("brand_a_member")).get(f"{V1}shared/?cycle=1&cycle=2"), 400)
    assert set(body["errors"]) == {"cycle"}


def test_a_tampered_or_borrowed_cursor_is_refused(world: World, api_of: Any):
    world.grant()
    client = api_of(world.person("brand_a_member"))
    real = client.get(f"{V1}shared/", {"page_size": 1}).json()["next"].split("cursor=")[1].split("&")[0]
    forged = signing.dumps({"o": ["-published_at", "-id"], "v": ["soon", "x"], "d": "next"}, salt=SALT)
    for address, cursor in [
        ("shared/", real[:-2] + "xx"),
        ("shared/", "x" + real),
        ("grants/", real),
        ("brands/", real),
        ("shared/", forged),  # signed, but for rows of another kind
    ]:
        body = problem(client.get(V1 + address, {"cursor": cursor}), 400)
        assert set(body["errors"]) == {"cursor"}


# Bodies


def grants_of_a(world: World) -> str:
    return f"{V1}factories/{world.factory_a.pk}/grants/"


BAD_BODIES: list[tuple[str | bytes, str, int]] = [
    ("{", "application/json", 400),
    ("[1, 2]", "application/json", 400),
    ('"text"', "application/json", 400),
    ("null", "application/json", 400),
    ('{"brand": NaN}', "application/json", 400),
    (b'{"purpose": "\xff"}', "application/json", 400),
    ("[" * 60_000, "application/json", 400),
    ('{"purpose": "' + "x" * 70_000 + '"}', "application/json", 413),
    ("", "application/json", 400),
    ("brand=1", "application/x-www-form-urlencoded", 415),
    ("<grant/>", "application/xml", 415),
    ("{}", "", 415),
]


def test_a_body_that_makes_no_sense(world: World, api_of: Any):
    client = api_of(world.person("manager_a"))
    for body, content_type, status in BAD_BODIES:
        problem(client.generic("POST", grants_of_a(world), body, content_type=content_type), status)
    assert not SharingGrant.objects.exists()


BAD_FIELDS: list[tuple[dict[str, Any], set[str]]] = [
    ({"scope": "everything"}, {"scope"}),
    ({"scope": "\ud800"}, {"scope"}),
    ({"brand": 999_999}, {"brand"}),
    ({"brand": 10**30}, {"brand"}),
    ({"brand": None}, {"brand"}),
    ({"cycles": "from"}, {"cycle_numbers"}),
    ({"cycles": "all", "cycle_numbers": [2]}, {"cycle_numbers"}),
    ({"cycles": "only", "cycle_numbers": [-1]}, {"cycle_numbers.0"}),
    ({"cycles": "only", "cycle_numbers": []}, {"cycle_numbers"}),
    ({"cycles": "only", "cycle_numbers": 2}, {"cycle_numbers"}),
    ({"cycles": "only", "cycle_numbers": [*range(1, 32)]}, {"cycle_numbers"}),
    ({"cycles": "from", "cycle_numbers": [1, 2]}, {"cycle_numbers"}),
    ({"valid_from": "2020-01-01T00:00:00Z"}, {"valid_from"}),
    ({"valid_from": "9999-12-31T23:59:59-14:00"}, {"valid_from"}),
    ({"expires_at": "2020-01-01T00:00:00Z"}, {"expires_at"}),
    ({"expires_at": "tomorrow"}, {"expires_at"}),
    ({"hold_days": 366}, {"hold_days"}),
    ({"purpose": "x" * 10_000}, {"purpose"}),
    ({"purpose": "\x00"}, {"purpose"}),
    ({"granted_by": 1}, {"granted_by"}),
    ({"factory": 2, "ended_at": None, "id": "x"}, {"factory", "ended_at", "id"}),
    ({"\ud800": 1}, {"?"}),
]


def test_a_field_that_makes_no_sense_is_named(world: World, api_of: Any):
    client = api_of(world.person("manager_a"))
    for change, fields in BAD_FIELDS:
        body = json.dumps({"brand": world.brand_a.pk, "scope": "report"} | change)
        response = client.generic("POST", grants_of_a(world), body, content_type="application/json")
        assert set(problem(response, 400)["errors"]) == fields, change
    assert not SharingGrant.objects.exists()


def test_a_query_on_a_post_is_refused(world: World, api_of: Any):
    body = {"brand": world.brand_a.pk, "scope": "report"}
    response = api_of(world.person("manager_a")).post(f"{grants_of_a(world)}?brand=7", body, format="json")
    assert set(problem(response, 400)["errors"]) == {"brand"}


# CSRF and throttling


def test_a_session_writes_only_with_its_csrf_token(world: World):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(world.person("manager_a"), backend="allauth.account.auth_backends.AuthenticationBackend")
    body = {"brand": world.brand_a.pk, "scope": "report"}
    problem(client.post(grants_of_a(world), body, format="json"), 403)
    assert not SharingGrant.objects.exists()

    client.cookies["csrftoken"] = "a" * 32
    assert client.post(grants_of_a(world), body, format="json", HTTP_X_CSRFTOKEN="a" * 32).status_code == 201


def test_who_asks_too_often_is_told_when_to_come_back(
    world: World, api_of: Any, monkeypatch: pytest.MonkeyPatch, token_client: Any
):
    cache.clear()
    monkeypatch.setattr(PersonThrottle, "THROTTLE_RATES", {"person": "3/min"})
    clients = [api_of(world.person("manager_a")), token_client("integration_report")]
    for client in clients:  # each has its own count
        assert [client.get(f"{V1}me/").status_code for _ in range(3)] == [200, 200, 200]
        response = client.get(f"{V1}me/")
        problem(response, 429)
        assert 0 < int(response["Retry-After"]) <= 60
    cache.clear()


# Defects of ours


def test_a_defect_of_ours_is_a_problem_under_the_api_and_a_page_elsewhere(rf: RequestFactory):
    response = server_error(rf.get("/api/v1/me/"))
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    assert server_error(rf.get("/board/"))["Content-Type"].startswith("text/html")
    assert problem_response(RuntimeError("secret"), {}) is None


def test_what_the_database_refuses_is_a_conflict():
    response = problem_response(IntegrityError("duplicate key value: secret"), {})
    assert response is not None
    assert response.status_code == 409
    assert b"secret" not in response.content


def test_where_the_cache_is_a_table_the_count_costs_no_query(
    world: World, api_of: Any, settings: Any, django_assert_num_queries: Any
):
    settings.CACHES = {"default": {"BACKEND": throttling.IN_DATABASE, "LOCATION": "core_cache"}}
    client = api_of(world.person("brand_a_member"))
    with django_assert_num_queries(3):  # session, user, rows
        assert client.get(f"{V1}grants/").status_code == 200
    assert throttling.own_counts.get(f"throttle_person_{world.person('brand_a_member').pk}")
    throttling.own_counts.clear()
