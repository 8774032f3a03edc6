"""Pages for reading take a few queries, however much there is."""

import pytest
from django.urls import reverse

from tests.assessments.pages import page
from tests.world import make_assessment

pytestmark = pytest.mark.django_db


def test_the_shared_list_takes_at_most_eight_queries_however_long_it_is(
    world, client_of, decisions_are_settled, django_assert_max_num_queries
):
    """Session, account, countries, brands read for, the page's rows, their assessments, the count, the menu."""
    world.grant()
    world.grant(scope="step1")
    client = client_of(world.person("brand_a_member"))
    for cycle in range(5, 30):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=40)
    with django_assert_max_num_queries(8):
        client.get(reverse("shared_list"))


@pytest.mark.parametrize("persona", ["brand_a_member", "manager_a", "team_leader"])
def test_the_assessment_page_takes_at_most_ten_queries(
    world, client_of, decisions_are_settled, django_assert_max_num_queries, persona
):
    world.grant()
    world.grant(scope="step1")
    client = client_of(world.person(persona))
    with django_assert_max_num_queries(10):
        client.get(page(world.assessments["a2"]))


def test_the_board_takes_the_same_number_of_queries_however_long_it_is(
    world, client_of, django_assert_num_queries, django_assert_max_num_queries
):
    client = client_of(world.person("team_leader"))
    with django_assert_max_num_queries(30) as few:
        client.get(reverse("board"))
    for cycle in range(5, 12):
        make_assessment(world, world.factory_a, cycle, "internal_review")
    with django_assert_num_queries(len(few)):
        client.get(reverse("board"))
