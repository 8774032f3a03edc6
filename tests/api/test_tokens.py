"""Tokens of integrations: made by a brand's manager, for a scope, until a date; they only read."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from portal.accounts.models import ApiToken, User
from portal.core.models import Event
from portal.core.reader import current_reader
from sharing.models import AccessRequest
from sharing.requests.services.answering import decline_request
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.world import World

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"


def tokens_of(world: World, brand: Any = None) -> str:
    return f"{V1}brands/{(brand or world.brand_a).pk}/tokens/"


ORDER = {"name": "Sourcing system", "roles": ["integration_report"], "days": 30}


def carrying(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def test_the_life_of_a_token(world: World, api_of: Any):
    world.grant()
    manager = api_of(world.person("brand_a_manager"))
    made = manager.post(tokens_of(world), ORDER, format="json")
    secret = made.json()["secret"]

    assert made.status_code == 201
    assert made.json()["roles"] == ["integration_report"]
    assert ApiToken.objects.get().digest != secret
    [listed] = manager.get(tokens_of(world)).json()["results"]
    assert listed == {name: value for name, value in made.json().items() if name != "secret"}
    assert secret not in manager.get(tokens_of(world)).content.decode()

    program = carrying(secret)
    me = program.get(f"{V1}me/").json()
    assert (me["name"], me["email"], me["is_integration"]) == ("Sourcing system", "", True)
    assert me["organisations"][0]["permissions"] == ["read_report"]
    assert len(program.get(f"{V1}shared/").json()["results"]) == 2
    assert manager.get(tokens_of(world)).json()["results"][0]["last_used_at"] is not None

    assert manager.delete(f"{tokens_of(world)}{listed['id']}/").status_code == 204
    refused = program.get(f"{V1}me/")
    assert refused.status_code == 401
    assert refused["WWW-Authenticate"] == "Token"
    assert not User.objects.get(pk=listed["id"]).is_active
    assert manager.get(tokens_of(world)).json()["results"] == []
    assert list(Event.objects.filter(kind__startswith="token.").values_list("kind", flat=True).order_by("pk")) == [
        "token.created",
        "token.revoked",
    ]


def test_a_token_is_looked_up_by_sign_in_and_then_reads_as_its_integration(world: World, token_client: Any):
    client, readers = token_client("integration_report"), []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        readers.append(("accounts_apitoken" in sql, current_reader()))
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        assert client.get(V1 + "shared/").status_code == 200
    account = f"account:{ApiToken.objects.get().user_id}"
    assert {reader for about_token, reader in readers if about_token} == {"sign-in"}
    assert readers[-1] == (False, account)


@pytest.mark.parametrize(("role", "open_scope"), [("integration_report", "report"), ("integration_step1", "step1")])
def test_a_token_reads_its_scope_and_no_other(world: World, token_client: Any, role: str, open_scope: str):
    world.grant()
    world.grant(scope="step1")
    client, pk = token_client(role), world.assessments["a2"].pk

    assert client.get(f"{V1}assessments/{pk}/").json()["scopes"] == [open_scope]
    for scope in ("report", "step1"):
        response = client.get(f"{V1}assessments/{pk}/findings/", {"scope": scope})
        assert response.status_code == (200 if scope == open_scope else 404)


def test_a_token_without_an_assessment_scope_reads_no_assessment(world: World, token_client: Any):
    world.grant()
    client = token_client("integration_improvement_plan")
    assert client.get(f"{V1}assessments/").json()["results"] == []
    assert client.get(f"{V1}assessments/{world.assessments['a2'].pk}/").status_code == 404


def test_expired_tampered_and_nonsense_tokens_are_refused(world: World, token_client: Any):
    client = token_client("integration_report")
    secret = client.secret
    for wrong in (
        secret[:-1] + ("0" if secret[-1] != "0" else "1"),
        secret.upper(),
        secret + "0",
        "x",
        "",
        "a b",
        "é" * 64,
    ):
        response = APIClient().get(f"{V1}me/", HTTP_AUTHORIZATION=f"Token {wrong}")
        assert response.status_code == 401, wrong
        assert response["Content-Type"] == "application/problem+json"
    assert APIClient().get(f"{V1}me/", HTTP_AUTHORIZATION=f"Bearer {secret}").status_code == 401
    assert client.get(f"{V1}me/").status_code == 200

    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get(f"{V1}me/").status_code == 401
    assert ApiToken.objects.count() == 1  # kept, for its manager to see


def test_a_token_of_a_closed_account_or_brand_reads_nothing(world: World, token_client: Any):
    world.grant()
    client = token_client("integration_report")
    world.brand_a.is_active = False
    world.brand_a.save()
    assert client.get(f"{V1}shared/").json()["results"] == []
    User.objects.filter(pk=client.token.user_id).update(is_active=False)
    assert client.get(f"{V1}me/").status_code == 401


def test_a_token_only_reads(world: World, token_client: Any, api_of: Any):
    grant = world.grant()
    client = token_client("integration_report", "integration_step1")
    pk = world.assessments["a2"].pk
    writes = [
        ("post", f"factories/{world.factory_a.pk}/grants/", {"brand": world.brand_a.pk, "scope": "step1"}),
        ("patch", f"grants/{grant.pk}/", {"hold_days": 0}),
        ("post", f"grants/{grant.pk}/revoke/", {}),
        ("post", f"assessments/{pk}/steps/", {"step": "withdraw", "reason": "x"}),
        ("post", tokens_of(world).removeprefix(V1), ORDER),
        ("delete", f"brands/{world.brand_a.pk}/tokens/{client.token.user_id}/", None),
        ("get", tokens_of(world).removeprefix(V1), None),
    ]
    for method, address, body in writes:
        response = getattr(client, method)(V1 + address, body, format="json")
        assert response.status_code == 403, address
    assert ApiToken.objects.count() == 1
    assert carrying(client.secret).get(f"{V1}me/").status_code == 200


def test_tokens_are_the_business_of_the_brands_managers(world: World, api_of: Any):
    sees_brand = ["brand_a_member", "manager_a", "team_leader", "global_staff"]
    hidden = ["brand_b_manager", "member_a", "advisor", "constituent", "outsider", "operator"]
    for persona in [*sees_brand, *hidden]:
        client, status = api_of(world.person(persona)), 403 if persona in sees_brand else 404
        assert client.get(tokens_of(world)).status_code == status, persona
        assert client.post(tokens_of(world), ORDER, format="json").status_code == status, persona
    assert not ApiToken.objects.exists()


def test_a_manager_reaches_no_token_of_another_brand(world: World, api_of: Any, token_client: Any):
    other = token_client("integration_report", brand=world.brand_b, manager="brand_b_manager")
    manager = api_of(world.person("brand_a_manager"))
    for account in (other.token.user_id, world.person("brand_a_member").pk, 999_999):
        assert manager.delete(f"{tokens_of(world)}{account}/").status_code == 404
    assert other.get(f"{V1}me/").status_code == 200


BAD_ORDERS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "x" * 81}, "name"),
    ({"roles": []}, "roles"),
    ({"roles": ["manager"]}, "roles.0"),
    ({"roles": "integration_report"}, "roles"),
    ({"days": 0}, "days"),
    ({"days": 366}, "days"),
    ({"is_staff": True}, "is_staff"),
]


def test_an_order_that_makes_no_sense_is_refused(world: World, api_of: Any):
    client = api_of(world.person("brand_a_manager"))
    for change, field in BAD_ORDERS:
        response = client.post(tokens_of(world), ORDER | change, format="json")
        assert response.status_code == 400, change
        assert set(response.json()["errors"]) == {field}
    assert not User.objects.filter(is_integration=True).exists()


def test_a_session_does_not_help_a_bad_token(world: World, api_of: Any):
    client = api_of(world.person("brand_a_manager"))
    assert client.get(f"{V1}me/", HTTP_AUTHORIZATION="Token " + "0" * 64).status_code == 401


def test_r16_where_a_brand_stands_is_told_to_a_token_by_what_it_reads(world: World, token_client: Any):
    world.grant(factory=world.factory_a, scope="report")
    terms = RequestedTerms(("report",), "Sourcing")
    request_access(by=world.person("brand_a_manager"), brand=world.brand_a, factory=world.factory_b, terms=terms)
    address = f"{V1}brands/{world.brand_a.pk}/factories/"

    def told(role: str) -> list[set[str]]:
        client = token_client(role)
        listed = client.get(address).json()["results"]
        lines = [{"bw_id": factory.bw_id} for factory in (world.factory_a, world.factory_b)]
        matches = client.post(f"{address}match/", {"lines": lines}, format="json").json()["results"]
        found = [one for match in matches for one in match["factories"]]
        return [{one["standing"] for one in rows} for rows in (listed, found)]

    assert told("integration_step1") == [{"free"}, {"free"}]
    assert told("integration_report") == [{"shared", "asked", "free"}, {"shared", "asked"}]
    declined = AccessRequest.objects.get()
    decline_request(by=world.person("manager_b"), request=declined)
    assert told("integration_step1") == [{"free"}, {"free"}]
    assert told("integration_report") == [{"shared", "cooling", "free"}, {"shared", "cooling"}]


def test_a_token_is_told_nothing_of_copies_to_destroy(token_client: Any):
    assert token_client("integration_report").get(f"{V1}copies-to-destroy/").status_code == 403
