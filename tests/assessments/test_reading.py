"""An assessment's page: what each person reads there, and that nothing else can be seen."""

import re

import pytest
from django.urls import reverse

from assessments.figures.queries import points_of, with_figures
from assessments.models import Answer, Assessment
from assessments.reading.scopes import document_for, with_scopes
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from sharing.scopes import ASSESSMENT_SCOPES
from tests.assessments.pages import NOBODY, page, text
from tests.publishing import correct, publish
from tests.world import make_assessment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("persona", ["manager_a", "member_a", "advisor", "team_leader", "global_staff"])
def test_the_factory_and_its_staff_read_the_whole(world, client_of, persona):
    shown = text(client_of(world.person(persona)).get(page(world.assessments["a2"])))
    assert "Overtime is paid at the wrong rate" in shown
    assert "Evidence for 1010 in cycle 2" in shown
    assert 'id="findings"' in shown
    assert 'id="step1"' in shown


@pytest.mark.parametrize("persona", NOBODY)
def test_nobody_else_finds_it(world, client_of, persona):
    world.grant()
    assert client_of(world.person(persona)).get(page(world.assessments["a2"])).status_code == 404


def test_the_public_is_asked_to_sign_in(world, client_of):
    response = client_of(None).get(page(world.assessments["a2"]))
    assert response.status_code == 302
    assert reverse("account_login") in response["Location"]


def test_a_brand_reads_it_from_the_grant_until_the_revoke(world, client_of):
    client = client_of(world.person("brand_a_member"))
    address = page(world.assessments["a2"])
    assert client.get(address).status_code == 404
    grant = world.grant()
    assert client.get(address).status_code == 200
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert client.get(address).status_code == 404
    assert client.get(reverse("shared_list")).context["rows"] == []


def test_each_scope_shows_only_its_own(world, client_of):
    client = client_of(world.person("brand_a_member"))
    address = page(world.assessments["a2"])
    grant = world.grant(scope="step1")
    shown = text(client.get(address))
    assert "Overtime exceeds the legal limit" in shown
    assert "Sick leave is not paid" not in shown
    assert 'id="findings"' not in shown
    assert "This covers Step 1 questions only." in shown
    revoke_access(by=world.person("manager_a"), grant=grant)
    world.grant(scope="report")
    shown = text(client.get(address))
    assert "Sick leave is not paid" in shown
    assert 'id="step1"' not in shown


def test_r15_steps_2_and_3_are_on_no_page(world, client_of):
    for persona in ("brand_a_member", "manager_a"):
        if persona == "brand_a_member":
            for scope in ASSESSMENT_SCOPES:
                world.grant(scope=scope)
        shown = text(client_of(world.person(persona)).get(page(world.assessments["a2"])))
        assert "Annual leave is not paid" not in shown
        assert "Overtime is not voluntary" not in shown


def test_r1_r12_the_page_says_nothing_of_the_questionnaire_or_slcp(world, client_of):
    world.grant()
    world.grant(scope="step1")
    client = client_of(world.person("brand_a_member"))
    for address in (page(world.assessments["a2"]), reverse("shared_list")):
        shown = re.sub(r"[A-Za-z0-9]{64}", "", text(client.get(address)))  # tokens are random letters
        for word in ("SLCP", "CAF", "Gateway", "REF-1", world.tool.name):
            assert word not in shown


def test_a_brand_is_not_told_who_else_reads(world, client_of):
    world.grant()
    world.grant(brand=world.brand_b)
    client_of(world.person("brand_b_member")).get(page(world.assessments["a2"]))
    shown = text(client_of(world.person("brand_a_member")).get(page(world.assessments["a2"])))
    assert world.brand_b.name not in shown


def test_r23_a_virtual_check_is_labelled(world, client_of):
    virtual = make_assessment(world, world.factory_a, 6, "published", mode="virtual")
    shown = text(client_of(world.person("manager_a")).get(page(virtual)))
    assert "Virtual Compliance Check" in shown


def test_a_replaced_version_says_so_and_leads_to_the_new_one(world, client_of):
    shown = text(client_of(world.person("manager_a")).get(page(world.assessments["a1_old"])))
    assert "A newer version of this report has replaced this one" in shown
    assert "Wage finding corrected" in shown
    assert page(world.assessments["a1"]) in shown


def test_a_withdrawn_report_is_marked_for_staff_and_gone_for_the_others(world, client_of):
    withdrawn = world.assessments["b2"]
    world.grant(factory=world.factory_b)
    assert client_of(world.person("brand_a_member")).get(page(withdrawn)).status_code == 404
    shown = text(client_of(world.person("team_leader")).get(page(withdrawn)))
    assert "Wrong factory" in shown


@pytest.mark.parametrize(("terms", "cycles"), [({}, [2, 1]), ({"cycles": "only", "cycle_numbers": [2]}, [2])])
def test_the_history_shows_the_cycles_this_reader_may_see(world, client_of, terms, cycles):
    world.grant(**terms)
    response = client_of(world.person("brand_a_member")).get(page(world.assessments["a2"]))
    assert [row["assessment"].cycle for row in response.context["history"]] == cycles


def test_r51_the_history_shows_the_versions_this_reader_had(world, client_of):
    """Who read the report before its correction sees both versions of it; who came later sees the current one."""
    world.grant()
    correct(world, world.assessments["a2"])
    world.grant(brand=world.brand_b)
    for persona, versions in (("brand_a_member", [2, 1]), ("brand_b_member", [2])):
        response = client_of(world.person(persona)).get(page(Assessment.objects.get(cycle=2, version=2)))
        history = [row["assessment"] for row in response.context["history"]]
        assert [one.version for one in history if one.cycle == 2] == versions


def test_r47_a_factory_never_sees_a_planned_assessment(world, client_of):
    client = client_of(world.person("manager_a"))
    assert client.get(page(world.assessments["a4"])).status_code == 404
    listed = client.get(reverse("assessment_list"))
    assert [row["assessment"] for row in listed.context["rows"]] == [
        world.assessments[name] for name in ("a3", "a2", "a1", "a1_old")
    ]
    assert "Planned" not in text(listed)


def test_every_opening_is_written_down_with_the_brand_and_the_scopes(world, client_of):
    world.grant()
    world.grant(scope="step1")
    reader = world.person("brand_a_member")
    client_of(reader).get(page(world.assessments["a2"]))
    rows = AccessRecord.objects.order_by("scope")
    assert [(row.person, row.brand, row.scope, row.action) for row in rows] == [
        (reader, world.brand_a, "report", "view"),
        (reader, world.brand_a, "step1", "view"),
    ]
    assert {(row.factory, row.assessment_id, row.cycle) for row in rows} == {
        (world.factory_a, world.assessments["a2"].pk, 2)
    }


def test_what_was_refused_is_not_written_down_as_seen(world, client_of):
    client_of(world.person("brand_b_member")).get(page(world.assessments["a2"]))
    assert not AccessRecord.objects.exists()


def test_notes_are_text_never_markup(world, client_of):
    draft = make_assessment(world, world.factory_a, 8, "in_progress")
    Answer.objects.filter(assessment=draft, finding="nc").update(note='<script>alert("1")</script>')
    shown = text(client_of(world.person("team_leader")).get(page(draft)))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


@pytest.mark.parametrize("persona", ["brand_a_member", "manager_a"])
@pytest.mark.parametrize("mode", ["on_site", "virtual"])
def test_r22_the_counts_in_lists_are_the_counts_of_the_report(world, persona, mode):
    world.grant()
    reader = world.person(persona)
    made = make_assessment(world, world.factory_a, 11, "in_progress", mode=mode)
    answers = Answer.objects.filter(assessment=made)
    answers.filter(question__ext_id="1000").update(finding="nc_national_law")
    answers.filter(question__ext_id="1020").update(provenance="self_assessed")
    publish(world, made)
    visible = with_figures(with_scopes(Assessment.objects.visible_to(reader), reader))
    listed = list(visible.select_related("factory__programme"))
    assert made in listed
    for assessment in listed:
        total = document_for(user=reader, assessment=assessment, scope="report", language="en").total
        assert points_of(assessment) == (total.points_nc, total.points_assessed)
