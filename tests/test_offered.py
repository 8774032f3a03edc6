"""Nothing is offered that cannot work yet; what is stored of it stays readable."""

import pytest
from django.urls import reverse

from assessments.models import Assessment
from assessments.publication.states import OFFERED_STATES, OFFERED_STEPS, STEPS
from brands.roles import OFFERED_INTEGRATIONS
from sharing.scopes import OFFERED_SCOPES
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def test_every_offered_step_leads_from_one_offered_state_to_another() -> None:
    assert {step.source for step in OFFERED_STEPS.values()} <= set(OFFERED_STATES)
    assert {step.target for step in OFFERED_STEPS.values()} <= set(OFFERED_STATES)
    assert set(STEPS) - set(OFFERED_STEPS) == {"start", "submit", "return_to_assessors"}
    assert set(Assessment.State.values) - set(OFFERED_STATES) == {"planned", "in_progress"}


def test_the_board_shows_only_states_that_can_be_reached(world: World, client_of) -> None:
    make_assessment(world, world.factory_a, 6, "in_progress")
    client = client_of(world.person("team_leader"))

    page = client.get(reverse("board"))
    assert [column["state"] for column in page.context["columns"]] == ["internal_review", "factory_review", "published"]
    assert [value for value, _label in page.context["form"].fields["state"].choices] == ["", *OFFERED_STATES]
    asked = client.get(reverse("board"), {"state": "planned"})
    assert "This is not on the list." in asked.content.decode()
    assert not any(column["cards"] for column in asked.context["columns"])


@pytest.mark.parametrize(("state", "name"), [("planned", "start"), ("internal_review", "return_to_assessors")])
def test_steps_that_are_not_offered_are_found_nowhere(world: World, client_of, api_of, state, name) -> None:
    leader, assessment = world.person("team_leader"), make_assessment(world, world.factory_a, 6, state)
    client, url = client_of(leader), reverse("assessment", args=[assessment.pk])

    page = client.get(url)
    assert page.status_code == 200
    assert f"/{name}/" not in page.content.decode()
    assert client.get(reverse("assessment_step", args=[assessment.pk, name])).status_code == 404
    asked = api_of(leader).post(f"/api/v1/assessments/{assessment.pk}/steps/", {"step": name}, format="json")
    assert asked.status_code == 400
    assert asked.json()["errors"]["step"]


def test_stored_states_stay_readable_over_the_api(world: World, api_of) -> None:
    answer = api_of(world.person("team_leader")).get("/api/v1/assessments/").json()

    assert str(world.assessments["a4"].pk) in [one["id"] for one in answer["results"] if one["state"] == "planned"]


def test_the_improvement_plan_is_offered_to_nobody(world: World, client_of, api_of) -> None:
    manager, member = world.person("manager_a"), world.person("brand_a_member")
    share = client_of(manager).get(reverse("grant", args=[world.factory_a.pk]), {"brand": world.brand_a.pk})
    ask = client_of(member).get(reverse("ask", args=[world.brand_a.pk]), {"factory": world.factory_b.pk})

    for page in (share, ask):
        assert [value for value, _label in page.context["form"].fields["scopes"].choices] == list(OFFERED_SCOPES)
        assert "mprovement plan" not in page.content.decode()
    order = {"brand": world.brand_a.pk, "scope": "improvement_plan"}
    url = f"/api/v1/factories/{world.factory_a.pk}/grants/"
    assert api_of(manager).post(url, order, format="json").status_code == 400
    asked = {"factories": [world.factory_b.pk], "scopes": ["improvement_plan"], "purpose": "Sourcing"}
    requests = f"/api/v1/brands/{world.brand_a.pk}/requests/"
    assert api_of(member).post(requests, asked, format="json").status_code == 400


def test_tokens_read_what_is_offered(world: World, client_of) -> None:
    page = client_of(world.person("brand_a_manager")).get(reverse("integrations", args=[world.brand_a.pk]))

    assert [value for value, _label in page.context["form"].fields["roles"].choices] == list(OFFERED_INTEGRATIONS)
    assert tuple(f"integration_{scope}" for scope in OFFERED_SCOPES) == OFFERED_INTEGRATIONS


def test_a_grant_of_the_plan_stays_listed_as_what_it_is(world: World, client_of) -> None:
    world.grant(scope="improvement_plan")

    page = client_of(world.person("manager_a")).get(
        reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk])
    )

    assert "Improvement plan (not on the portal yet)" in page.content.decode()
