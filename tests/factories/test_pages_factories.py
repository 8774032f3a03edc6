"""The page of one factory: what it says, and what can be changed by whom."""

import pytest

from factories.models import Factory
from portal.core.models import Event
from portal.ui.forms import fingerprint
from tests.factories.pages import form_data, page

pytestmark = pytest.mark.django_db


def test_the_page_says_what_the_profile_lacks(world, client_of):
    response = client_of(world.person("member_a")).get(page(world.factory_a))

    assert response.context["missing"] == world.factory_a.missing_profile_fields()
    assert "women workers" in response.content.decode()
    assert f"{world.factory_a.profile_completeness}%" in response.content.decode()


def test_r47_the_page_shows_a_factory_no_planned_assessment(world, client_of):
    planned = world.assessments["a4"].start_date

    content = client_of(world.person("manager_a")).get(page(world.factory_a)).content.decode()

    assert planned.isoformat() not in content


def test_a_manager_edits_the_profile_and_nothing_else(world, client_of):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")

    data = form_data(client, url, workers_women=800, products="Shirts")
    mass = {"bw_id": "KH-9", "enrolment_status": "left", "current_cycle": 9, "programme": world.vietnam.pk, "id": 1}
    response = client.post(url, {**data, **mass})

    assert response.status_code == 302
    factory = Factory.objects.get(pk=world.factory_a.pk)
    assert (factory.workers_women, factory.products) == (800, "Shirts")
    assert (factory.bw_id, factory.enrolment_status, factory.current_cycle) == ("KH-0001", "enrolled", 4)
    assert factory.programme_id == world.cambodia.pk
    event = Event.objects.get(kind="factory.updated")
    assert event.data == {"fields": ["products", "workers_women"]}


def test_staff_edit_the_enrolment_too(world, client_of):
    client = client_of(world.person("team_leader"))
    url = page(world.factory_a, "factory_edit")

    response = client.post(url, form_data(client, url, enrolment_status="suspended", current_cycle=5))

    assert response.status_code == 302
    factory = Factory.objects.get(pk=world.factory_a.pk)
    assert (factory.enrolment_status, factory.current_cycle) == ("suspended", 5)


def test_r37_a_factory_that_cannot_be_enrolled_needs_a_reason(world, client_of):
    client = client_of(world.person("team_leader"))
    url = page(world.factory_a, "factory_edit")

    refused = client.post(url, form_data(client, url, enrolment_status="not_enrollable"))
    kept = client.post(
        url, form_data(client, url, enrolment_status="not_enrollable", enrolment_reason="Out of scope: no garments")
    )

    assert refused.status_code == 400
    assert "Give the reason why the factory could not be enrolled" in refused.content.decode()
    assert kept.status_code == 302
    assert Factory.objects.get(pk=world.factory_a.pk).enrolment_reason == "Out of scope: no garments"


def test_a_form_filled_in_on_older_values_is_refused(world, client_of):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")
    stale = form_data(client, url, products="Old")
    client.post(url, form_data(client, url, products="New"))

    response = client.post(url, stale)

    assert response.status_code == 409
    assert "Someone changed this after you opened it" in response.content.decode()
    assert Factory.objects.get(pk=world.factory_a.pk).products == "New"


def test_sending_the_same_form_twice_saves_once(world, client_of):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")
    data = form_data(client, url, products="Once")

    assert [client.post(url, data).status_code for _time in range(2)] == [302, 409]
    assert Event.objects.filter(kind="factory.updated").count() == 1


def test_a_forged_fingerprint_of_anothers_values_is_no_use(world, client_of):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")
    other = fingerprint(world.factory_b, Factory.PROFILE_FIELDS)

    assert client.post(url, form_data(client, url, seen=other, products="X")).status_code == 409
    assert client.post(url, form_data(client, url, seen="", products="X")).status_code == 409


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 10_000},
        {"name": "a\x00b"},
        {"latitude": "91"},
        {"latitude": "north"},
        {"workers_women": "-1"},
        {"workers_women": "99999999999999999999"},
        {"contact_email": "no address"},
        {"sector": "weapons"},
    ],
)
def test_bad_values_are_refused_beside_their_field(world, client_of, changes):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")

    response = client.post(url, form_data(client, url, **changes))

    assert response.status_code == 400
    assert list(response.context["form"].errors) == list(changes)
    assert Factory.objects.get(pk=world.factory_a.pk).name == "Tonle Lotus Garments"


@pytest.mark.parametrize(
    "changes",
    [
        {"bw_id": "KH-0002"},
        {"bw_id": "with space"},
        {"current_cycle": "0"},
        {"left_on": "2019-01-01"},
        {"left_on": "31/31/2020"},
    ],
)
def test_bad_enrolment_is_refused_beside_its_field(world, client_of, changes):
    client = client_of(world.person("team_leader"))
    url = page(world.factory_a, "factory_edit")

    response = client.post(url, form_data(client, url, **changes))

    assert response.status_code == 400
    assert list(response.context["form"].errors) == list(changes)
