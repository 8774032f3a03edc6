"""The pages of factories: who sees which, what the list finds, what can be changed by whom."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from factories.models import Factory
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.models import User
from portal.accounts.roles import role_of
from portal.accounts.services import add_member
from portal.core.forms import fingerprint
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db
LIST = "/factories/"


def page(factory: Factory, name: str = "factory", **more: int) -> str:
    return reverse(name, kwargs={"pk": factory.pk, **more})


def listed(response) -> set[str]:
    return {factory.bw_id for factory in response.context["page"].items}


def form_data(client, url: str, **changes: object) -> dict[str, object]:
    """What a browser would send from the form at `url`, with some fields changed."""
    form = client.get(url).context["form"]
    data = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**data, **changes}.items() if value not in (None, False)}


# -- who sees what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [LIST, "/factories/new/", "/programmes/", "/programmes/new/"])
def test_the_visitor_must_sign_in(world: World, client_of, path):
    assert client_of(None).get(path).status_code == 302


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        ("global_staff", {"KH-0001", "KH-0002", "VN-0001"}),
        ("programme_manager", {"KH-0001", "KH-0002"}),
        ("team_leader", {"KH-0001", "KH-0002"}),
        ("advisor", {"KH-0001"}),
        ("vietnam_manager", {"VN-0001"}),
    ],
)
def test_staff_see_the_factories_of_their_countries_and_advisors_the_assigned_ones(world, client_of, persona, expected):
    response = client_of(world.person(persona)).get(LIST)

    assert response.status_code == 200
    assert listed(response) == expected


@pytest.mark.parametrize("persona", ["constituent", "brand_a_manager", "brand_b_member", "outsider", "operator"])
def test_others_find_no_list(world, client_of, persona):
    client = client_of(world.person(persona))

    assert client.get(LIST).status_code == 404
    assert client.get(LIST, {"q": "Tonle"}).status_code == 404
    assert client.get(page(world.factory_a)).status_code == 404
    assert client.get(page(world.factory_a, "factory_edit")).status_code == 404
    assert client.get("/factories/new/").status_code == 404


def test_somebody_with_one_factory_goes_straight_to_it(world, client_of):
    response = client_of(world.person("member_a")).get(LIST)

    assert response.status_code == 302
    assert response.url == page(world.factory_a)


@pytest.mark.parametrize(
    ("persona", "seen", "edit"),
    [
        ("manager_a", 200, 200),
        ("member_a", 200, 403),
        ("advisor", 200, 403),
        ("team_leader", 200, 200),
        ("programme_manager", 200, 200),
        ("global_staff", 200, 200),
        ("manager_b", 404, 404),
        ("vietnam_manager", 404, 404),
        ("constituent", 404, 404),
        ("brand_a_member", 404, 404),
    ],
)
def test_who_sees_and_who_edits_a_factory(world, client_of, persona, seen, edit):
    client = client_of(world.person(persona))

    assert client.get(page(world.factory_a)).status_code == seen
    assert client.get(page(world.factory_a, "factory_edit")).status_code == edit
    assert client.post(page(world.factory_a, "factory_edit"), {}).status_code in {edit, 400}


def test_a_brand_with_a_grant_still_sees_no_profile(world, client_of):
    world.grant()

    assert client_of(world.person("brand_a_member")).get(page(world.factory_a)).status_code == 404


@pytest.mark.parametrize("number", ["0", "99999999", "999999999999999999999999"])
def test_a_number_that_is_no_factory_is_not_found(world, client_of, number):
    assert client_of(world.person("global_staff")).get(f"/factories/{number}/").status_code == 404


# -- the list -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"q": "heron"}, {"KH-0002"}),
        ({"q": "ទន្លេ"}, {"KH-0001"}),
        ({"q": "kh-0001"}, {"KH-0001"}),
        ({"q": "KH2020001"}, {"KH-0002"}),
        ({"country": "VN"}, {"VN-0001"}),
        ({"sector": "footwear"}, {"KH-0002"}),
        ({"enrolment": "suspended"}, {"KH-0002"}),
        ({"q": "nothing like it"}, set()),
        ({"q": "%"}, set()),
        ({"country": "VN", "q": "heron"}, set()),
    ],
)
def test_search_and_filters(world, client_of, asked, expected):
    Factory.objects.filter(pk=world.factory_b.pk).update(
        os_hub_id="KH2020001", sector="footwear", enrolment_status="suspended"
    )

    response = client_of(world.person("global_staff")).get(LIST, asked)

    assert listed(response) == expected


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "\x00"},
        {"q": "x" * 10_000},
        {"country": "XX"},
        {"sector": "'; drop"},
        {"sort": "password"},
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_nothing_fits_it(world, client_of, asked):
    response = client_of(world.person("programme_manager")).get(LIST, asked)

    assert response.status_code == 200
    assert response.context["form"].errors.keys() == asked.keys()
    assert listed(response) == set()


@pytest.mark.parametrize("cursor", ["tampered", "\x00"])
def test_a_cursor_that_makes_no_sense_shows_the_first_page(world, client_of, cursor):
    response = client_of(world.person("programme_manager")).get(LIST, {"cursor": cursor})

    assert response.status_code == 200
    assert listed(response) == {"KH-0001", "KH-0002"}


def test_only_the_visitors_countries_are_offered(world, client_of):
    response = client_of(world.person("programme_manager")).get(LIST)

    assert [code for code, _name in response.context["form"].fields["country"].choices] == ["", "KH"]


def many(world: World, number: int) -> None:
    Factory.objects.bulk_create(
        Factory(programme=world.cambodia, bw_id=f"KH-1{n:03}", name=f"Factory {n % 7}") for n in range(number)
    )


@pytest.mark.parametrize("sort", ["", "recent"])
def test_pages_show_every_factory_once(world, client_of, sort):
    many(world, 60)
    client = client_of(world.person("programme_manager"))

    seen: list[int] = []
    cursor = ""
    for _page in range(10):
        shown = client.get(LIST, {"sort": sort, "cursor": cursor}).context["page"]
        seen += [factory.pk for factory in shown.items]
        cursor = shown.next_cursor
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 62


def test_the_list_takes_the_same_few_queries_however_long(world, client_of):
    client = client_of(world.person("programme_manager"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    before = queries()
    many(world, 40)
    assert queries() == before <= 6


# -- one factory --------------------------------------------------------------------------------------------------


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
    event = Event.objects.get(kind="factories.updated")
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
    assert "Say why the factory could not be enrolled" in refused.content.decode()
    assert kept.status_code == 302
    assert Factory.objects.get(pk=world.factory_a.pk).enrolment_reason == "Out of scope: no garments"


def test_a_form_filled_in_on_older_values_is_refused(world, client_of):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")
    stale = form_data(client, url, products="Old")
    client.post(url, form_data(client, url, products="New"))

    response = client.post(url, stale)

    assert response.status_code == 409
    assert "Somebody changed this after you opened it" in response.content.decode()
    assert Factory.objects.get(pk=world.factory_a.pk).products == "New"


def test_sending_the_same_form_twice_saves_once(world, client_of):
    client = client_of(world.person("manager_a"))
    url = page(world.factory_a, "factory_edit")
    data = form_data(client, url, products="Once")

    assert [client.post(url, data).status_code for _time in range(2)] == [302, 409]
    assert Event.objects.filter(kind="factories.updated").count() == 1


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


# -- adding -------------------------------------------------------------------------------------------------------


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
    assert Event.objects.filter(kind="factories.created", factory_id=added.pk).count() == 1


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


# -- advisors -----------------------------------------------------------------------------------------------------


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
    assert Event.objects.filter(kind="people.advisor_unassigned").count() == 1


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
    assert not Event.objects.filter(kind="people.advisor_assigned").exists()


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
