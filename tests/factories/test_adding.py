"""Adding a factory to a country."""

from datetime import date

import pytest

from factories.models import Factory
from factories.roles import FACTORY
from portal.core.models import Event
from tests.factories.pages import page
from tests.world import World

pytestmark = pytest.mark.django_db


def new_factory(world: World, **changes: object) -> dict[str, object]:
    return {
        "programme": world.cambodia.pk,
        "bw_id": "KH-0100",
        "name": "New Mill",
        "sector": "textile",
        "enrolment_status": "pending",
        "current_cycle": 1,
        **changes,
    }


def test_staff_add_a_factory_of_their_country(world, client_of):
    client = client_of(world.person("team_leader"))

    response = client.post("/factories/new/", new_factory(world, enrolled_on="2024-02-29"))

    added = Factory.objects.get(bw_id="KH-0100")
    assert response.url == page(added)
    assert added.enrolled_on == date(2024, 2, 29)
    assert {row.role for row in FACTORY.role_groups(added)} == {"manager", "member", "advisor", "worker_representative"}
    assert Event.objects.filter(kind="factory.created", factory_id=added.pk).count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"bw_id": ""},
        {"bw_id": "KH-0001"},
        {"name": "x" * 10_000},
        {"name": "\x00"},
        {"programme": ""},
        {"programme": "99999"},
        {"enrolment_status": "not_enrollable"},
    ],
)
def test_a_factory_that_cannot_be_is_not_added(world, client_of, changes):
    response = client_of(world.person("team_leader")).post("/factories/new/", new_factory(world, **changes))

    assert response.status_code == 400
    assert response.context["form"].errors
    assert Factory.objects.count() == 3


def test_nobody_adds_a_factory_to_another_country(world, client_of):
    client = client_of(world.person("team_leader"))

    for other in (world.vietnam, world.global_programme):
        assert client.post("/factories/new/", new_factory(world, programme=other.pk)).status_code == 400
    assert Factory.objects.count() == 3


@pytest.mark.parametrize("persona", ["manager_a", "advisor"])
def test_people_who_see_factories_but_do_not_enrol_are_forbidden(world, client_of, persona):
    assert client_of(world.person(persona)).post("/factories/new/", new_factory(world)).status_code == 403


def test_adding_the_same_factory_twice_makes_one(world, client_of):
    client = client_of(world.person("team_leader"))

    assert [client.post("/factories/new/", new_factory(world)).status_code for _time in range(2)] == [302, 400]
    assert Factory.objects.filter(bw_id="KH-0100").count() == 1
