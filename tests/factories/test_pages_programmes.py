"""The pages of country programmes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from factories.models import CountryProgramme
from portal.core.countries import country_name
from portal.core.models import Event
from tests.factories.pages import form_data
from tests.world import World

pytestmark = pytest.mark.django_db
LIST = "/programmes/"


def page(programme: CountryProgramme, name: str = "programme") -> str:
    return reverse(name, args=[programme.pk])


@pytest.mark.parametrize(
    ("persona", "seen", "edit"),
    [
        ("programme_manager", 200, 200),
        ("global_staff", 200, 200),
        ("team_leader", 200, 403),
        ("advisor", 200, 403),
        ("constituent", 200, 403),
        ("vietnam_manager", 404, 404),
        ("manager_a", 404, 404),
        ("brand_a_manager", 404, 404),
        ("outsider", 404, 404),
        ("operator", 404, 404),
    ],
)
def test_who_sees_and_who_changes_a_programme(world: World, client_of, persona, seen, edit):
    client = client_of(world.person(persona))

    assert client.get(page(world.cambodia)).status_code == seen
    assert client.get(page(world.cambodia, "programme_edit")).status_code == edit
    assert client.post(page(world.cambodia, "programme_edit"), {}).status_code in {edit, 400}


def test_global_staff_list_every_programme_and_others_go_to_their_own(world: World, client_of):
    every = client_of(world.person("global_staff")).get(LIST)
    own = client_of(world.person("team_leader")).get(LIST)

    assert {programme.name for programme in every.context["page"]} == {
        "Global programme",
        "Better Factories Cambodia",
        "Better Work Vietnam",
    }
    assert own.url == page(world.cambodia)


@pytest.mark.parametrize("persona", ["manager_a", "brand_a_manager", "outsider", "operator"])
def test_others_find_no_list(world: World, client_of, persona):
    client = client_of(world.person(persona))

    assert client.get(LIST).status_code == 404
    assert client.get("/programmes/new/").status_code == 404


def test_r9_a_constituent_reads_no_count_of_factories(world: World, client_of):
    response = client_of(world.person("constituent")).get(LIST, {"cursor": "x"})

    assert [programme.is_counted for programme in response.context["page"]] == [False]


def test_the_list_takes_the_same_few_queries_however_long(world: World, client_of):
    client = client_of(world.person("global_staff"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    before = queries()
    for code in ("ID", "BD", "PK", "JO", "HT"):
        CountryProgramme.objects.create(country=code, name=country_name(code))
    assert queries() == before <= 6


def test_the_manager_changes_settings_and_the_log_keeps_old_and_new(world: World, client_of):
    client = client_of(world.person("programme_manager"))
    url = page(world.cambodia, "programme_edit")

    response = client.post(url, form_data(client, url, release_days=30))

    assert response.status_code == 302
    assert CountryProgramme.objects.get(pk=world.cambodia.pk).release_days == 30
    assert Event.objects.get(kind="programme.updated").data == {"changes": {"release_days": [28, 30]}}


def test_the_country_cannot_be_changed_by_a_field_nobody_offered(world: World, client_of):
    client = client_of(world.person("programme_manager"))
    url = page(world.cambodia, "programme_edit")

    client.post(url, {**form_data(client, url, release_days=30), "country": "VN", "is_global": "1", "id": "1"})

    programme = CountryProgramme.objects.get(pk=world.cambodia.pk)
    assert (programme.country, programme.is_global) == ("KH", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"release_days": "0"},
        {"release_days": "1.5"},
        {"release_days": "99999"},
        {"min_group_size": "1"},
        {"name": ""},
        {"name": "x" * 10_000},
        {"name": "a\x00b"},
        {"name": "Better Work Vietnam"},
        {"contact_email": "nobody"},
    ],
)
def test_bad_settings_are_refused_beside_their_field(world: World, client_of, changes):
    client = client_of(world.person("programme_manager"))
    url = page(world.cambodia, "programme_edit")

    response = client.post(url, form_data(client, url, **changes))

    assert response.status_code == 400
    assert list(response.context["form"].errors) == list(changes)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("release_days", "0", "Enter a number of days from 1 to 365."),
        ("release_days", "366", "Enter a number of days from 1 to 365."),
        ("release_days", "", "Enter a number of days from 1 to 365."),
        ("factory_review_days", "-1", "Enter a number of days from 0 to 90."),
        ("factory_review_days", "91", "Enter a number of days from 0 to 90."),
        ("min_group_size", "1", "Enter a whole number, 2 or more."),
    ],
)
def test_a_wrong_number_is_answered_with_what_to_enter(world: World, client_of, name, value, sentence):
    client = client_of(world.person("programme_manager"))
    url = page(world.cambodia, "programme_edit")

    response = client.post(url, form_data(client, url, **{name: value}))

    assert set(response.context["form"].errors[name]) == {sentence}
    assert len(response.context["form"].errors[name]) == 1


def test_a_form_filled_in_on_older_settings_is_refused(world: World, client_of):
    client = client_of(world.person("programme_manager"))
    url = page(world.cambodia, "programme_edit")
    stale = form_data(client, url, release_days=40)
    client.post(url, form_data(client, url, release_days=30))

    assert client.post(url, stale).status_code == 409
    assert CountryProgramme.objects.get(pk=world.cambodia.pk).release_days == 30


NEW = {
    "country": "ID",
    "name": "Better Work Indonesia",
    "enrolment": "voluntary",
    "release_days": 28,
    "factory_review_days": 7,
    "min_group_size": 5,
    "assessments_allowed": "on",
    "grant_default_months": 12,
    "grant_default_hold_days": 7,
    "renewal_prompt_days": 30,
    "request_days": 60,
    "request_reminder_days": 14,
    "request_again_days": 30,
    "handover_days": 7,
}


def test_global_staff_add_a_country_once(world: World, client_of):
    client = client_of(world.person("global_staff"))

    first, second = (client.post("/programmes/new/", NEW) for _time in range(2))

    added = CountryProgramme.objects.get(country="ID")
    assert first.url == page(added)
    assert second.status_code == 400
    assert added.roles.count() == 4
    assert not added.is_global


@pytest.mark.parametrize("changes", [{"country": ""}, {"country": "XX"}, {"country": "KH"}, {"name": "\x00"}])
def test_a_country_that_cannot_be_is_not_added(world: World, client_of, changes):
    response = client_of(world.person("global_staff")).post("/programmes/new/", {**NEW, **changes})

    assert response.status_code == 400
    assert CountryProgramme.objects.count() == 3


def test_a_countrys_manager_adds_no_country(world: World, client_of):
    assert client_of(world.person("programme_manager")).post("/programmes/new/", NEW).status_code == 403


def test_the_programmes_can_be_searched_narrowed_and_ordered(world: World, client_of):
    staff = client_of(world.person("global_staff"))
    found = {
        query: [programme.country for programme in staff.get(f"/programmes/?{query}").context["page"]]
        for query in ("q=camb", "q=factories", "enrolment=voluntary", "sort=recent", "enrolment=x")
    }
    assert found == {
        "q=camb": ["KH"],
        "q=factories": ["KH"],
        "enrolment=voluntary": ["VN"],
        "sort=recent": ["VN", "KH", ""],
        "enrolment=x": [],
    }
    assert client_of(world.person("outsider")).get("/programmes/?q=camb").status_code == 404
