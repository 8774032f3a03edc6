"""Consent over the API: granting, changing, revoking, and who saw what."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.core.models import Event
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord, SharingGrant
from tests.world import World

pytestmark = pytest.mark.django_db
V1 = "/api/v1/"
OTHERS = ["manager_b", "brand_a_manager", "brand_b_manager", "vietnam_manager", "constituent", "outsider", "operator"]
READERS = ["member_a", "team_leader", "programme_manager", "global_staff"]


def grants_of(world: World, factory: Any = None) -> str:
    return f"{V1}factories/{(factory or world.factory_a).pk}/grants/"


def test_a_manager_grants_and_the_brand_reads(world: World, api_of: Any):
    body = {"brand": world.brand_a.pk, "scope": "report", "cycles": "only", "cycle_numbers": [2], "purpose": "Sourcing"}
    response = api_of(world.person("manager_a")).post(grants_of(world), body, format="json")

    assert response.status_code == 201
    assert response.json()["status"] == "live"
    assert response.json()["granted_by"] == "Manager A"
    assert Event.objects.filter(kind="grant.created", subject=response.json()["id"]).count() == 1
    shared = api_of(world.person("brand_a_member")).get(f"{V1}shared/").json()["results"]
    assert [row["id"] for row in shared] == [str(world.assessments["a2"].pk)]


def test_single_cycles_are_one_grant_in_whatever_order_they_are_named(world: World, api_of: Any):
    client, named = api_of(world.person("manager_a")), [[4, 2], [2, 4, 2]]
    body = {"brand": world.brand_a.pk, "scope": "report", "cycles": "only"}
    first, second = (
        client.post(grants_of(world), body | {"cycle_numbers": one}, format="json").json() for one in named
    )

    assert first["id"] == second["id"]
    assert first["cycle_numbers"] == [2, 4]
    for one in ({"cycles": "from"}, {"cycle_numbers": []}):
        response = client.patch(f"{V1}grants/{first['id']}/", one, format="json")
        assert (response.status_code, set(response.json()["errors"])) == (400, {"cycle_numbers"}), one
    narrower = client.patch(f"{V1}grants/{first['id']}/", {"cycle_numbers": [2]}, format="json").json()
    assert narrower["cycle_numbers"] == [2]
    old_name = client.post(grants_of(world), body | {"cycle_number": 2}, format="json")
    assert (old_name.status_code, set(old_name.json()["errors"])) == (400, {"cycle_number"})


def test_a_brand_asks_for_single_cycles_and_is_given_fewer(world: World, api_of: Any):
    order = {"factories": [world.factory_a.pk], "scopes": ["report"], "purpose": "Sourcing", "cycles": "only"}
    brand, manager = api_of(world.person("brand_a_member")), api_of(world.person("manager_a"))
    sent = brand.post(f"{V1}brands/{world.brand_a.pk}/requests/", order | {"cycle_numbers": [2, 1]}, format="json")
    [asked] = sent.json()["requests"]
    assert asked["cycle_numbers"] == [1, 2]
    address = f"{V1}requests/{asked['id']}/approve/"
    for more, field in (({"cycle_numbers": [2, 3]}, "cycles"), ({"cycle_numbers": []}, "cycle_numbers")):
        refused = manager.post(address, more, format="json")
        assert (refused.status_code, set(refused.json()["errors"])) == (400, {field})
    assert manager.post(address, {"cycle_numbers": [2]}, format="json").status_code == 200
    assert SharingGrant.objects.get().cycle_numbers == [2]


def test_the_same_order_twice_is_one_grant_and_another_is_refused(world: World, api_of: Any):
    client, body = api_of(world.person("manager_a")), {"brand": world.brand_a.pk, "scope": "report"}
    first, second = (client.post(grants_of(world), body, format="json").json()["id"] for _ in range(2))
    assert first == second
    response = client.post(grants_of(world), body | {"hold_days": 3}, format="json")
    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"brand"}


def test_only_the_factory_decides(world: World, api_of: Any):
    grant = world.grant()
    body = {"brand": world.brand_b.pk, "scope": "report"}
    for persona in [*READERS, *OTHERS, "advisor", "brand_a_member"]:
        client = api_of(world.person(persona))
        sees_factory = persona in {*READERS, "advisor"}
        sees_grant = persona in {*READERS, "brand_a_manager", "brand_a_member"}
        assert client.post(grants_of(world), body, format="json").status_code == (403 if sees_factory else 404), persona
        for address, method in [(f"{V1}grants/{grant.pk}/", "patch"), (f"{V1}grants/{grant.pk}/revoke/", "post")]:
            response = getattr(client, method)(address, {}, format="json")
            assert response.status_code == (403 if sees_grant else 404), persona
    assert SharingGrant.objects.count() == 1
    grant.refresh_from_db()
    assert grant.ended_at is None


def test_a_change_is_a_successor(world: World, api_of: Any):
    grant = world.grant(cycles="from", cycle_numbers=[2], purpose="Sourcing", hold_days=5)
    until = timezone.now() + timedelta(days=30)
    client = api_of(world.person("manager_a"))
    successor = client.patch(f"{V1}grants/{grant.pk}/", {"expires_at": until.isoformat()}, format="json").json()

    assert successor["id"] != str(grant.pk)
    assert successor["replaces"] == str(grant.pk)
    assert (successor["cycles"], successor["cycle_numbers"], successor["purpose"]) == ("from", [2], "Sourcing")
    assert successor["hold_days"] == 5
    before = client.get(f"{V1}grants/{grant.pk}/").json()
    assert (before["status"], before["ended_by"]) == ("ended", "Manager A")
    again = client.patch(f"{V1}grants/{successor['id']}/", {"cycles": "all"}, format="json").json()
    assert (again["cycles"], again["cycle_numbers"]) == ("all", [])
    stale = client.patch(f"{V1}grants/{grant.pk}/", {"purpose": "Late"}, format="json")
    assert (stale.status_code, stale.json()["detail"][:35]) == (409, "This access has since been changed.")
    assert SharingGrant.objects.filter(ended_at=None).count() == 1


def test_a_change_cannot_move_a_grant_elsewhere(world: World, api_of: Any):
    grant = world.grant()
    client = api_of(world.person("manager_a"))
    for change in (
        {"brand": world.brand_b.pk},
        {"scope": "step1"},
        {"factory": 1},
        {"valid_from": "2020-01-01T00:00:00Z"},
    ):
        response = client.patch(f"{V1}grants/{grant.pk}/", change, format="json")
        assert response.status_code == 400
        assert set(response.json()["errors"]) == set(change)
    assert SharingGrant.objects.get().pk == grant.pk


def test_revoking_twice_is_once(world: World, api_of: Any):
    grant = world.grant()
    client, address = api_of(world.person("manager_a")), f"{V1}grants/{grant.pk}/revoke/"
    first = client.post(address, {"reason": "Contract ended"}, format="json").json()
    second = client.post(address, {}, format="json").json()

    assert first == second
    assert (first["status"], first["end_reason"]) == ("ended", "Contract ended")
    assert Event.objects.filter(kind="grant.revoked").count() == 1


def test_a_brand_sees_its_own_grants_without_what_concerns_the_factory_alone(world: World, api_of: Any):
    mine, other = world.grant(hold_days=2), world.grant(brand=world.brand_b)
    revoke_access(by=world.person("manager_a"), grant=mine, reason="They pay late")
    client = api_of(world.person("brand_a_member"))
    [row] = client.get(f"{V1}grants/").json()["results"]

    assert row["id"] == str(mine.pk)
    assert [row[name] for name in ("granted_by", "ended_by", "end_reason", "hold_days")] == [None] * 4
    assert client.get(f"{V1}grants/{other.pk}/").status_code == 404
    for query in ({"brand": world.brand_b.pk}, {"factory": world.factory_b.pk}):
        assert client.get(f"{V1}grants/", query).json()["results"] == []


def test_who_can_see_and_who_saw_are_for_the_factory_and_its_staff(world: World, api_of: Any):
    world.grant()
    api_of(world.person("brand_a_member")).get(f"{V1}assessments/{world.assessments['a2'].pk}/findings/?scope=report")
    for page in ("grants", "who-saw-what"):
        address = f"{V1}factories/{world.factory_a.pk}/{page}/"
        for persona in ["manager_a", *READERS]:
            assert len(api_of(world.person(persona)).get(address).json()["results"]) == 1, persona
        assert api_of(world.person("advisor")).get(address).status_code == 403
        for persona in [*OTHERS, "brand_a_member"]:
            assert api_of(world.person(persona)).get(address).status_code == 404, persona


def test_who_saw_what_names_person_brand_and_what(world: World, api_of: Any):
    world.grant()
    a2 = world.assessments["a2"]
    api_of(world.person("brand_a_member")).get(f"{V1}assessments/{a2.pk}/findings/?scope=report")
    client, address = api_of(world.person("manager_a")), f"{V1}factories/{world.factory_a.pk}/who-saw-what/"
    [row] = client.get(address).json()["results"]

    assert row == {
        "at": row["at"],
        "is_own": False,
        "person": "Brand A Member",
        "person_id": world.person("brand_a_member").pk,
        "brand": {"id": world.brand_a.pk, "name": "Aster & Oak"},
        "action": "api",
        "scope": "report",
        "assessment": str(a2.pk),
        "cycle": 2,
        "version": 1,
        "copy_number": None,
    }
    narrowed = [({"brand": world.brand_b.pk}, 0), ({"action": "api"}, 1), ({"action": "view"}, 0), ({"cycle": 2}, 1)]
    for query, number in narrowed:
        assert len(client.get(address, query).json()["results"]) == number


def test_r47_who_saw_what_tells_the_factory_of_no_assessment_before_its_release(world: World, api_of: Any):
    staff = api_of(world.person("team_leader"))
    assert staff.get(f"{V1}assessments/{world.assessments['a4'].pk}/findings/?scope=report").status_code == 200
    address = f"{V1}factories/{world.factory_a.pk}/who-saw-what/"

    assert api_of(world.person("manager_a")).get(address).json()["results"] == []
    assert len(staff.get(address).json()["results"]) == 1


def test_who_saw_what_comes_in_pages(world: World, api_of: Any):
    a2 = world.assessments["a2"]
    AccessRecord.objects.bulk_create(
        AccessRecord(
            person=world.person("brand_a_member"),
            brand=world.brand_a,
            factory=world.factory_a,
            assessment_id=a2.pk,
            cycle=2,
            version=1,
            scope="report",
            action="view",
        )
        for _ in range(7)
    )
    client, address = api_of(world.person("manager_a")), f"{V1}factories/{world.factory_a.pk}/who-saw-what/?page_size=3"
    sizes = []
    while address:
        page = client.get(address).json()
        sizes.append(len(page["results"]))
        address = page["next"]
    assert sizes == [3, 3, 1]
