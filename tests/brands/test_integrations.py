"""A brand's integrations: tokens that its managers make, see and revoke."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from brands.models import Brand
from brands.roles import BRAND
from portal.accounts.models import ApiToken, User
from portal.accounts.roles import role_of
from portal.accounts.services import create_integration_token
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db
GOOD = {"name": "Warehouse", "roles": ["integration_report"], "days": 30}


def page(brand: Brand) -> str:
    return reverse("integrations", args=[brand.pk])


def revoke(brand: Brand, token: ApiToken) -> str:
    return reverse("integration_revoke", args=[brand.pk, token.user_id])


def make(world: World, brand: Brand, persona: str, name: str = "Warehouse") -> tuple[ApiToken, str]:
    return create_integration_token(
        by=world.person(persona),
        kind=BRAND,
        organisation=brand,
        name=name,
        roles=["integration_report"],
        days=30,
    )


def secret_in(response) -> str:
    found = re.search(r'<pre class="token">(\S+)</pre>', response.content.decode())
    assert found
    return found.group(1)


@pytest.mark.parametrize(
    ("persona", "status"),
    [
        ("brand_a_manager", 200),
        ("brand_a_member", 403),
        ("brand_b_manager", 404),
        ("global_staff", 403),
        ("programme_manager", 403),
        ("manager_a", 403),
        ("member_a", 404),
        ("constituent", 404),
        ("outsider", 404),
    ],
)
def test_who_looks_after_a_brands_tokens(world: World, client_of, persona, status):
    client = client_of(world.person(persona))
    token, _secret = make(world, world.brand_a, "brand_a_manager")

    assert client.get(page(world.brand_a)).status_code == status
    if status != 200:
        assert client.post(page(world.brand_a), GOOD).status_code == status
        assert client.post(revoke(world.brand_a, token)).status_code == status
        assert ApiToken.objects.count() == 1


def test_the_secret_is_shown_once_and_works(world: World, client_of):
    client = client_of(world.person("brand_a_manager"))

    made = client.post(page(world.brand_a), GOOD)

    secret = secret_in(made)
    assert "no-store" in made.headers["Cache-Control"]
    assert secret not in client.get(page(world.brand_a)).content.decode()
    token = ApiToken.objects.get()
    assert secret not in {token.digest, token.name}
    assert role_of(token.user, BRAND, world.brand_a) == ["integration_report"]
    assert timedelta(days=29, hours=23) < token.expiry - timezone.now() < timedelta(days=30)
    assert APIClient().get("/api/v1/assessments/", HTTP_AUTHORIZATION=f"Token {secret}").status_code == 200


def test_the_list_says_what_a_token_reads_who_made_it_and_when_it_was_used(world: World, client_of):
    make(world, world.brand_a, "brand_a_manager")
    client = client_of(world.person("brand_a_manager"))

    unused = client.get(page(world.brand_a)).content.decode()
    ApiToken.objects.update(last_used_at=timezone.now(), expiry=timezone.now() - timedelta(days=1))
    used = client.get(page(world.brand_a)).content.decode()

    for words in ("Warehouse", "Assessment reports", "Brand A Manager", "Never"):
        assert words in unused
    assert "Never" not in used
    assert "Expired" in used


def test_a_revoked_token_is_refused_at_once(world: World, client_of):
    token, secret = make(world, world.brand_a, "brand_a_manager")
    client = client_of(world.person("brand_a_manager"))

    asked = client.get(revoke(world.brand_a, token))
    assert "Revoke the token of Warehouse?" in asked.content.decode()
    assert ApiToken.objects.filter(pk=token.pk).exists()
    assert client.post(revoke(world.brand_a, token)).status_code == 302
    for again in (client.post, client.get):  # in a second tab
        assert "The token of Warehouse was already revoked." in again(revoke(world.brand_a, token), follow=True).text
    assert client_of(world.person("brand_b_manager")).post(revoke(world.brand_b, token)).status_code == 404
    assert APIClient().get("/api/v1/assessments/", HTTP_AUTHORIZATION=f"Token {secret}").status_code == 401
    assert not User.objects.get(pk=token.user_id).is_active
    assert Event.objects.filter(kind="token.revoked", brand_id=world.brand_a.pk).count() == 1


def test_another_brands_token_is_not_found_through_ones_own(world: World, client_of):
    token, _secret = make(world, world.brand_b, "brand_b_manager")
    client = client_of(world.person("brand_a_manager"))

    assert client.post(revoke(world.brand_a, token)).status_code == 404
    assert client.post(revoke(world.brand_b, token)).status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()
    assert "Warehouse" not in client.get(page(world.brand_a)).content.decode()


def test_people_have_no_token_to_revoke(world: World, client_of):
    client = client_of(world.person("brand_a_manager"))
    member = world.person("brand_a_member")

    assert client.post(reverse("integration_revoke", args=[world.brand_a.pk, member.pk])).status_code == 404
    assert role_of(member, BRAND, world.brand_a) == ["member"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {**GOOD, "name": ""},
        {**GOOD, "name": "x" * 10_000},
        {**GOOD, "name": "a\x00b"},
        {**GOOD, "roles": []},
        {**GOOD, "roles": ["manager"]},
        {**GOOD, "roles": ["integration_report", "member"]},
        {**GOOD, "days": 0},
        {**GOOD, "days": 366},
        {**GOOD, "days": "forever"},
        {**GOOD, "days": ""},
    ],
)
def test_a_bad_token_is_refused_beside_its_field(world: World, client_of, data):
    response = client_of(world.person("brand_a_manager")).post(page(world.brand_a), data)

    assert response.status_code == 400
    assert response.context["form"].errors
    assert not ApiToken.objects.exists()
    assert not User.objects.filter(is_integration=True).exists()


def test_sending_the_form_twice_makes_one_token(world: World, client_of):
    client = client_of(world.person("brand_a_manager"))

    assert [client.post(page(world.brand_a), GOOD).status_code for _time in range(2)] == [200, 400]
    assert ApiToken.objects.count() == 1


def test_an_integration_is_no_member_to_be_given_another_role(world: World, client_of):
    token, _secret = make(world, world.brand_a, "brand_a_manager")
    client = client_of(world.person("brand_a_manager"))
    people = {"kind": "brand", "organisation_id": world.brand_a.pk}

    listed = client.get(reverse("members", kwargs=people)).content.decode()
    change = reverse("member_role", kwargs={**people, "member_id": token.user_id})

    assert "Warehouse" not in listed
    assert client.post(change, {"role": "manager", "held": "integration_report"}).status_code == 404
    assert role_of(token.user, BRAND, world.brand_a) == ["integration_report"]


def test_the_list_takes_the_same_few_queries_however_many_tokens(world: World, client_of):
    client = client_of(world.person("brand_a_manager"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(page(world.brand_a))
        return len(captured)

    make(world, world.brand_a, "brand_a_manager", "First")
    before = queries()
    for number in range(15):
        make(world, world.brand_a, "brand_a_manager", f"T {number}")
    assert queries() == before <= 9
