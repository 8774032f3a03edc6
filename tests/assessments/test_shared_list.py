""" "Shared with us": what a brand finds in its list and by its filters, and that nothing else can be seen there."""

import re

import pytest
from django.urls import reverse

from assessments.models import Answer, Assessment, Cluster
from assessments.publication.services import start_correction, take_step
from assessments.questionnaires.models import USUAL_CLUSTERS
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import SharingGrant
from tests.assessments.pages import page, text
from tests.publishing import correct, publish
from tests.world import make_assessment, make_tool

pytestmark = pytest.mark.django_db


def test_a_brand_finds_what_was_shared_newest_opening_first(world, client_of):
    world.grant()
    shown = text(client_of(world.person("brand_a_member")).get(reverse("shared_list")))
    links = re.findall(r'<th scope="row">\s*<a href="([^"]+)"', shown)
    assert links == [page(world.assessments[name]) for name in ("a2", "a1")]


def test_the_list_is_in_the_order_in_which_reports_opened(world, client_of):
    """Not in that of their publication: what was published first may open last."""
    world.grant(factory=world.factory_b)
    world.grant(cycles="only", cycle_numbers=[2])
    world.grant(scope="step1", cycles="only", cycle_numbers=[1])
    assert _listed(world, client_of) == [world.assessments[name] for name in ("a1", "a2", "b1")]
    shown = text(client_of(world.person("brand_a_member")).get(reverse("shared_list")))
    assert "newest first by the day you could first read them." in shown


def test_invariant_3_a_brand_that_can_see_nothing_reads_the_same_whatever_the_reason(world, client_of):
    """Nothing was ever shared; access ended; a subscription is missing: one text that is true of all."""
    world.grant()
    member = client_of(world.person("brand_b_member"))
    shown = text(member.get(reverse("shared_list")))
    assert "Your brand cannot see any assessments at the moment" in shown
    assert world.factory_a.name not in shown
    grant = world.grant(world.brand_b)
    type(world.cambodia).objects.filter(pk=world.cambodia.pk).update(participants_need_subscription=True)
    assert "Your brand cannot see any assessments at the moment" in text(member.get(reverse("shared_list")))
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert "Your brand cannot see any assessments at the moment" in text(member.get(reverse("shared_list")))


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


def test_clusters_to_choose_from_are_the_same_for_everybody_and_find_only_what_was_shared(world, client_of, api_of):
    """The usual clusters, whatever was imported, used or granted; any name may be asked for over the API."""
    other = make_tool("Uploaded yesterday", world.cambodia)
    Cluster.objects.filter(tool=other, name="Compensation").update(name="Sandblasting")
    Cluster.objects.filter(tool=world.caf, name="Compensation").update(name="Of the self-assessment")
    make_assessment(world, world.factory_a, 9, "published", tool=other)
    member = world.person("brand_a_member")
    offered = list(USUAL_CLUSTERS)
    assert _clusters(client_of(member)) == offered
    grant = world.grant(cycles="only", cycle_numbers=[2])
    assert _clusters(client_of(member)) == offered
    for asked in ("Sandblasting", "Nonsense"):
        answer = api_of(member).get("/api/v1/shared/", {"cluster": asked})
        assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert client_of(member).get(reverse("shared_list"), {"cluster": "Sandblasting"}).context["rows"] == []
    revoke_access(by=world.person("manager_a"), grant=grant)
    world.grant(scope="step1", cycles="only", cycle_numbers=[9])
    assert _clusters(client_of(member)) == offered
    found = api_of(member).get("/api/v1/shared/", {"cluster": "Sandblasting"}).json()["results"]
    assert [row["cycle"] for row in found] == [9]


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


def _listed(world, client_of, persona="brand_a_member"):
    rows = client_of(world.person(persona)).get(reverse("shared_list")).context["rows"]
    return [row["assessment"] for row in rows]


@pytest.mark.parametrize("hold", [0, 10])
def test_r51_a_correction_takes_the_place_of_what_it_corrects_at_once(world, client_of, api_of, hold):
    """The report is open to the brand, so the correction is, whatever the hold; both versions can be opened."""
    world.grant(hold_days=hold)
    old, a1 = world.assessments["a2"], world.assessments["a1"]
    assert _listed(world, client_of) == [old, a1]

    new = correct(world, old, q1020="compliant")

    assert _listed(world, client_of) == [new, a1]
    browser, api = client_of(world.person("brand_a_member")), api_of(world.person("brand_a_member"))
    assert [row["id"] for row in api.get("/api/v1/shared/").json()["results"]] == [str(new.pk), str(a1.pk)]
    for version, state in ((old, "superseded"), (new, "published")):
        assert api.get(f"/api/v1/assessments/{version.pk}/").json()["state"] == state
    replaced = text(browser.get(page(old)))
    assert "A newer version of this report has replaced this one" in replaced
    assert page(new) in replaced


def test_r51_a_correction_of_a_report_on_hold_is_told_by_nothing_until_the_report_opens(world, client_of, api_of):
    """Neither version is open, so nothing differs; when the hold is over, only the current version is there."""
    world.grant(hold_days=7)
    old = make_assessment(world, world.factory_a, 5, "published", published_days_ago=0)
    browser, api = client_of(world.person("brand_a_member")), api_of(world.person("brand_a_member"))

    def told():
        return [
            [(one.pk, one.state) for one in _listed(world, client_of)],
            [browser.get(page(one)).status_code for one in Assessment.objects.filter(cycle=5)],
            api.get(f"/api/v1/assessments/{old.pk}/").status_code,
            api.get("/api/v1/shared/").json(),
            api.get("/api/v1/assessments/?state=published").json(),
            api.get("/api/v1/assessments/?state=superseded").json(),
        ]

    before = told()
    new = correct(world, old, q1020="compliant")
    before[1].append(404)
    assert told() == before
    change_grant(by=world.person("manager_a"), grant=SharingGrant.objects.get(), terms=Terms(hold_days=0))
    assert _listed(world, client_of)[0] == new
    assert browser.get(page(old)).status_code == 404


def test_a_correction_without_changes_is_pointed_out_before_it_is_published(world, client_of):
    leader = world.person("team_leader")
    correction = start_correction(by=leader, assessment=world.assessments["a1"], note="A typo")
    take_step(by=leader, assessment=correction, name="send_to_factory")
    publish = reverse("assessment_step", args=[correction.pk, "publish"])
    asked = client_of(leader).get(publish).content.decode()
    assert "All answers are the same as in the version it replaces" in asked


def test_r51_a_new_brand_is_shown_the_current_version_alone(world, client_of, api_of):
    """Found as G7: whom a report opens to after its correction never meets what was corrected."""
    old = world.assessments["a2"]
    new = correct(world, old, q1020="compliant")
    world.grant()
    assert _listed(world, client_of) == [new, world.assessments["a1"]]
    browser, api = client_of(world.person("brand_a_member")), api_of(world.person("brand_a_member"))
    assert browser.get(page(old)).status_code == 404
    assert api.get(f"/api/v1/assessments/{old.pk}/findings/?scope=report").status_code == 404
    assert api.get("/api/v1/assessments/?state=superseded").json()["results"] == []
    shown = text(browser.get(page(new)))
    assert page(old) not in shown
    history = [row["assessment"] for row in browser.get(page(new)).context["history"]]
    assert (history[0], old in history) == (new, False)


def test_a_withdrawal_takes_the_replaced_version_along(world, client_of):
    world.grant()
    old, by = world.assessments["a2"], world.person("team_leader")
    new = correct(world, old)
    browser = client_of(world.person("brand_a_member"))
    assert browser.get(page(old)).status_code == 200
    take_step(by=by, assessment=new, name="withdraw", reason="The wrong factory")
    assert 2 not in {one.cycle for one in _listed(world, client_of)}
    for version in (old, new):
        version.refresh_from_db()
        assert (version.state, version.withdrawn_reason) == ("withdrawn", "The wrong factory")
        assert browser.get(page(version)).status_code == 404


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
    publish(world, only_elsewhere)
    client = client_of(world.person("brand_a_member"))
    found = client.get(f"{reverse('shared_list')}?cluster=Compensation&cycle=9").context["rows"]
    assert found == []
    world.grant()
    found = client.get(f"{reverse('shared_list')}?cluster=Compensation&cycle=9").context["rows"]
    assert [row["assessment"] for row in found] == [only_elsewhere]
