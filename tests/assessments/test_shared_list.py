""" "Shared with us": what a brand finds in its list and by its filters, and that nothing else can be seen there."""

import re

import pytest
from django.urls import reverse

from assessments.models import Answer, Assessment, Cluster
from assessments.services import start_correction, take_step
from sharing.services import revoke_access
from tests.assessments.pages import page, text
from tests.world import make_assessment, make_tool

pytestmark = pytest.mark.django_db


def test_a_brand_finds_what_was_shared_newest_first(world, client_of):
    world.grant()
    shown = text(client_of(world.person("brand_a_member")).get(reverse("shared_list")))
    links = re.findall(r'<th scope="row">\s*<a href="([^"]+)"', shown)
    assert links == [page(world.assessments[name]) for name in ("a2", "a1")]


def test_a_brand_with_nothing_shared_is_told_so(world, client_of):
    world.grant()
    shown = text(client_of(world.person("brand_b_member")).get(reverse("shared_list")))
    assert "Nothing is shared with your brand yet" in shown
    assert world.factory_a.name not in shown


@pytest.mark.parametrize("persona", ["manager_a", "team_leader", "constituent", "outsider", "operator"])
def test_people_of_no_brand_do_not_find_the_list(world, client_of, persona):
    assert client_of(world.person(persona)).get(reverse("shared_list")).status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=lotus", ["a2", "a1"]),
        ("q=ទន្លេ", ["a2", "a1"]),
        ("q=kh-0001", ["a2", "a1"]),
        ("q=heron", []),
        ("country=KH", ["a2", "a1"]),
        ("country=VN", []),
        ("cycle=2", ["a2"]),
        ("cycle=x", []),
        ("year=1999", []),
        ("country=ZZ", []),
        ("cluster=Compensation", ["a2", "a1"]),
        ("cluster=Child+Labour", []),
    ],
)
def test_filters_narrow_the_list(world, client_of, query, expected):
    world.grant()
    response = client_of(world.person("brand_a_member")).get(f"{reverse('shared_list')}?{query}")
    assert [row["assessment"] for row in response.context["rows"]] == [world.assessments[name] for name in expected]


def test_clusters_to_choose_from_are_those_in_what_was_shared(world, client_of, api_of):
    """Names of an unshared questionnaire are nowhere; asking for one finds nothing, as for one that there is not."""
    secret = make_tool("Uploaded yesterday", world.cambodia)
    Cluster.objects.filter(tool=secret, name="Compensation").update(name="Sandblasting")
    make_assessment(world, world.factory_a, 9, "published", tool=secret)
    member = world.person("brand_a_member")
    assert _clusters(client_of(member)) == []
    grant = world.grant(cycles="only", cycle_number=2)
    assert _clusters(client_of(member)) == ["Child Labour", "Compensation", "Working Time"]
    for asked in ("Sandblasting", "Nonsense"):
        answer = api_of(member).get("/api/v1/shared/", {"cluster": asked})
        assert (answer.status_code, answer.json()["results"]) == (200, [])
    revoke_access(by=world.person("manager_a"), grant=grant)
    world.grant(scope="step1", cycles="only", cycle_number=9)
    assert _clusters(client_of(member)) == ["Child Labour", "Sandblasting", "Working Time"]


def _clusters(client):
    form = client.get(reverse("shared_list")).context["form"]
    return [value for value, _label in form.fields["cluster"].choices if value]


def test_the_year_is_the_year_of_the_assessment(world, client_of):
    world.grant()
    wanted = world.assessments["a2"]
    response = client_of(world.person("brand_a_member")).get(
        f"{reverse('shared_list')}?year={wanted.start_date.year}&cycle=2"
    )
    assert [row["assessment"] for row in response.context["rows"]] == [wanted]


def test_pages_follow_each_other_and_keep_the_filters(world, client_of):
    world.grant()
    for cycle in range(5, 35):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=40)
    client = client_of(world.person("brand_a_member"))
    first = client.get(f"{reverse('shared_list')}?country=KH")
    assert len(first.context["rows"]) == 25
    link = re.search(r'href="(\?[^"]+)" rel="next"', text(first)).group(1).replace("&amp;", "&")
    assert "country=KH" in link
    second = client.get(reverse("shared_list") + link)
    assert len(second.context["rows"]) == 7
    both = [row["assessment"].pk for row in [*first.context["rows"], *second.context["rows"]]]
    assert len(set(both)) == 32


def test_a_made_up_cursor_shows_the_first_page(world, client_of):
    world.grant()
    response = client_of(world.person("brand_a_member")).get(f"{reverse('shared_list')}?cursor=nonsense")
    assert response.status_code == 200
    assert len(response.context["rows"]) == 2


def test_a_correction_on_hold_leaves_the_old_version_in_the_list(world, client_of):
    world.grant(hold_days=10)
    old = world.assessments["a2"]
    make_assessment(
        world, world.factory_a, 7, "superseded", published_days_ago=100
    )  # stands for the version that a brand could read before
    held = Assessment.objects.get(factory=world.factory_a, cycle=7)
    make_assessment(world, world.factory_a, 7, "published", published_days_ago=1, version=2, supersedes=held)
    response = client_of(world.person("brand_a_member")).get(reverse("shared_list"))
    assert [row["assessment"] for row in response.context["rows"]][:2] == [held, old]


def test_a_correction_on_hold_is_told_by_nothing(world, client_of, api_of):
    """A newer version that has not opened to the brand leaves every answer about the older one as it was."""
    world.grant(hold_days=10)
    old = world.assessments["a1"]
    browser, api = client_of(world.person("brand_a_member")), api_of(world.person("brand_a_member"))

    def told():
        listed = browser.get(reverse("shared_list")).context["rows"]
        page = browser.get(reverse("assessment", args=[old.pk]))
        return [
            [(row["assessment"].pk, row["assessment"].state) for row in listed],
            [(row["assessment"].pk, row["assessment"].state) for row in page.context["history"]],
            "Replaced by a correction" in page.content.decode(),
            api.get(f"/api/v1/assessments/{old.pk}/").json(),
            api.get(f"/api/v1/assessments/{old.pk}/findings/?scope=report").json()["assessment"],
            api.get("/api/v1/shared/").json(),
            api.get("/api/v1/assessments/?state=published").json()["results"],
            api.get("/api/v1/assessments/?state=superseded").json()["results"],
        ]

    before = told()
    correction = start_correction(by=world.person("team_leader"), assessment=old, note="Overtime was miscounted")
    publish = reverse("assessment_step", args=[correction.pk, "publish"])
    asked = client_of(world.person("team_leader")).get(publish).content.decode()
    assert "No answer differs from the version that this one replaces" in asked
    for step in ("send_to_factory", "publish"):
        take_step(by=world.person("team_leader"), assessment=correction, name=step)
        correction.refresh_from_db()
    old.refresh_from_db()
    assert (old.state, correction.state) == ("superseded", "published")
    assert told() == before
    inside = api_of(world.person("manager_a"))
    assert inside.get(f"/api/v1/assessments/{old.pk}/").json()["state"] == "superseded"


def test_a_withdrawal_takes_the_replaced_version_along(world, client_of):
    world.grant()
    old, by = world.assessments["a1"], world.person("team_leader")
    browser = client_of(world.person("brand_a_member"))
    assert browser.get(reverse("assessment", args=[world.assessments["a1_old"].pk])).status_code == 200
    take_step(by=by, assessment=old, name="withdraw", reason="The wrong factory")
    assert 1 not in {row["assessment"].cycle for row in browser.get(reverse("shared_list")).context["rows"]}
    for name in ("a1", "a1_old"):
        world.assessments[name].refresh_from_db()
        assert (world.assessments[name].state, world.assessments[name].withdrawn_reason) == (
            "withdrawn",
            "The wrong factory",
        )
        assert browser.get(reverse("assessment", args=[world.assessments[name].pk])).status_code == 404


def test_step_1_alone_counts_step_1_alone(world, client_of):
    world.grant(scope="step1")
    member = client_of(world.person("brand_a_member"))
    row = member.get(f"{reverse('shared_list')}?cycle=2").context["rows"][0]
    assert (row["nc"], row["assessed"]) == (2, 4)
    world.grant()
    row = member.get(f"{reverse('shared_list')}?cycle=2").context["rows"][0]
    assert (row["nc"], row["assessed"]) == (3, 5)


def test_a_filter_tells_nothing_about_questions_outside_the_grant(world, client_of):
    world.grant(scope="step1")
    only_elsewhere = make_assessment(world, world.factory_a, 9, "in_progress")
    Answer.objects.filter(assessment=only_elsewhere, question__step=1, finding="nc").update(finding="compliant")
    Assessment.objects.filter(pk=only_elsewhere.pk).update(
        state="published", published_at=world.assessments["a2"].published_at
    )
    client = client_of(world.person("brand_a_member"))
    found = client.get(f"{reverse('shared_list')}?cluster=Compensation&cycle=9").context["rows"]
    assert found == []
    world.grant()
    found = client.get(f"{reverse('shared_list')}?cluster=Compensation&cycle=9").context["rows"]
    assert [row["assessment"] for row in found] == [only_elsewhere]
