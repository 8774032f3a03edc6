"""The list of factories: who sees which, and what search and filters find."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories.models import Factory
from tests.factories.pages import LIST, listed, many, page
from tests.world import World

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize("words", ["Đức Thắng", "Đu\u031b\u0301c Tha\u0306\u0301ng", "duc thang", "DUC  THANG"])
def test_a_search_finds_names_in_either_form_and_without_marks(world, client_of, words):
    Factory.objects.filter(pk=world.factory_vn.pk).update(local_name="May Đức Thắng Kim Chỉ")
    client = client_of(world.person("vietnam_manager"))
    assert world.factory_vn.name in client.get(LIST, {"q": words}).content.decode()
