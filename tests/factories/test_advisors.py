"""Advisors: who assigns them, and what an assignment shows."""

import pytest

from factories.roles import FACTORY, PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import role_of
from portal.accounts.services import add_member
from portal.core.models import Event
from tests.factories.pages import page
from tests.world import World

pytestmark = pytest.mark.django_db


def advisor(world: World, programme=None) -> User:
    person = User.objects.create_user(f"ea{User.objects.count()}@test.example", name="Second Advisor")
    add_member(
        by=None,
        kind=PROGRAMME,
        organisation=programme or world.cambodia,
        member=person,
        role="enterprise_advisor",
    )
    return person


def test_staff_assign_an_advisor_who_then_sees_the_factory(world, client_of):
    person = advisor(world)
    assert client_of(person).get(page(world.factory_a)).status_code == 404

    client_of(world.person("team_leader")).post(page(world.factory_a, "advisor_assign"), {"advisor": person.pk})

    assert role_of(person, FACTORY, world.factory_a) == ["advisor"]
    assert client_of(person).get(page(world.factory_a)).status_code == 200


def test_staff_end_an_assignment_and_the_advisor_sees_nothing_more(world, client_of):
    person = world.person("advisor")
    end = page(world.factory_a, "advisor_unassign", advisor_id=person.pk)
    client = client_of(world.person("team_leader"))

    asked = client.get(end).content.decode()
    assert f"End the assignment of {person}?" in asked
    assert role_of(person, FACTORY, world.factory_a) == ["advisor"]
    assert client.post(end).status_code == 302
    assert client.post(end).status_code == 404
    assert client_of(person).get(page(world.factory_a)).status_code == 404
    assert Event.objects.filter(kind="advisor.unassigned").count() == 1


@pytest.mark.parametrize("who", ["outsider", "manager_b", "team_leader", "brand_a_member"])
def test_only_enterprise_advisors_of_the_country_can_be_assigned(world, client_of, who):
    person = world.person(who)
    response = client_of(world.person("team_leader")).post(
        page(world.factory_a, "advisor_assign"), {"advisor": person.pk}, follow=True
    )

    assert "Choose an Enterprise Advisor of this country" in response.content.decode()
    assert role_of(person, FACTORY, world.factory_a) == []


@pytest.mark.parametrize("value", ["", "abc", "\x00", "999999999999999999999"])
def test_a_wrong_choice_of_advisor_changes_nothing(world, client_of, value):
    response = client_of(world.person("team_leader")).post(page(world.factory_a, "advisor_assign"), {"advisor": value})

    assert response.status_code == 302
    assert not Event.objects.filter(kind="advisor.assigned").exists()


def test_an_advisor_of_another_country_cannot_be_assigned(world, client_of):
    person = advisor(world, world.vietnam)

    client_of(world.person("global_staff")).post(page(world.factory_a, "advisor_assign"), {"advisor": person.pk})

    assert role_of(person, FACTORY, world.factory_a) == []


@pytest.mark.parametrize(("persona", "status"), [("manager_a", 403), ("advisor", 403), ("manager_b", 404)])
def test_others_assign_nobody(world, client_of, persona, status):
    client = client_of(world.person(persona))
    person = world.person("advisor")

    assert client.post(page(world.factory_a, "advisor_assign"), {"advisor": person.pk}).status_code == status
    end = page(world.factory_a, "advisor_unassign", advisor_id=person.pk)
    assert client.post(end).status_code == status
    assert role_of(person, FACTORY, world.factory_a) == ["advisor"]


def test_the_page_tells_staff_when_they_may_invite_a_manager(world, client_of):
    client = client_of(world.person("team_leader"))

    managed = client.get(page(world.factory_a)).content.decode()
    User.objects.filter(pk=world.person("manager_a").pk).update(is_active=False)
    unmanaged = client.get(page(world.factory_a)).content.decode()

    assert "only while there is none" in managed
    assert "has no manager yet" in unmanaged
    assert (
        "only while there is none"
        not in client_of(world.person("member_a")).get(page(world.factory_a)).content.decode()
    )
