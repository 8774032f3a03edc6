"""Reading: what each person finds in lists and on an assessment's page, and that nothing else can be seen there."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Answer, Assessment, Cluster
from assessments.reading import document_for, points_of, with_counts
from assessments.services import may_take_step
from assessments.states import STEPS
from assessments.views.steps import StepRights
from factories.models import CountryProgramme
from sharing.models import AccessRecord
from sharing.services import revoke_access
from tests.world import make_assessment, make_tool

pytestmark = pytest.mark.django_db
NOBODY = ["outsider", "operator", "constituent", "brand_b_member", "manager_b", "vietnam_manager"]


def page(assessment):
    return reverse("assessment", args=[assessment.pk])


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


# Shared with us


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


# One assessment


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
            world.grant()
            world.grant(scope="step1")
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


@pytest.mark.parametrize(("terms", "cycles"), [({}, [2, 1, 1]), ({"cycles": "only", "cycle_number": 2}, [2])])
def test_the_history_shows_the_cycles_this_reader_may_see(world, client_of, terms, cycles):
    world.grant(**terms)
    response = client_of(world.person("brand_a_member")).get(page(world.assessments["a2"]))
    assert [row["assessment"].cycle for row in response.context["history"]] == cycles


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
    Assessment.objects.filter(pk=made.pk).update(state="published", published_at=world.assessments["a2"].published_at)
    listed = with_counts(Assessment.objects.visible_to(reader), reader).select_related("factory__programme")
    for assessment in listed:
        total = document_for(user=reader, assessment=assessment, scope="report", language="en").total
        assert points_of(assessment) == (total.points_nc, total.points_assessed)


# A factory's own list


@pytest.mark.parametrize(
    ("persona", "target"), [("team_leader", "board"), ("advisor", "board"), ("brand_a_member", "shared_list")]
)
def test_other_people_are_sent_to_their_own_list(world, client_of, persona, target):
    response = client_of(world.person(persona)).get(reverse("assessment_list"))
    assert response.status_code == 302
    assert response["Location"] == reverse(target)


@pytest.mark.parametrize("persona", ["outsider", "constituent", "operator"])
def test_people_without_a_list_find_none(world, client_of, persona):
    assert client_of(world.person(persona)).get(reverse("assessment_list")).status_code == 404


# The board


@pytest.mark.parametrize("persona", ["advisor", "team_leader", "programme_manager", "global_staff", "vietnam_manager"])
def test_staff_find_the_board(world, client_of, persona):
    assert client_of(world.person(persona)).get(reverse("board")).status_code == 200


@pytest.mark.parametrize("persona", ["manager_a", "brand_a_manager", "constituent", "outsider", "operator"])
def test_others_do_not_find_the_board(world, client_of, persona):
    client = client_of(world.person(persona))
    assert client.get(reverse("board")).status_code == 404
    assert client.post(reverse("board_steps"), {"step": "publish"}).status_code == 404


def test_the_board_shows_the_country_of_its_reader_only(world, client_of):
    shown = text(client_of(world.person("vietnam_manager")).get(reverse("board")))
    assert world.factory_a.name not in shown


def test_r39_what_is_late_comes_first(world, client_of):
    make_assessment(world, world.factory_b, 5, "internal_review", published_days_ago=20)
    response = client_of(world.person("team_leader")).get(reverse("board"))
    assert [card["assessment"].cycle for card in response.context["late"]] == [5]
    assert response.context["numbers"]["late"] == 1
    assert "12 days late" in text(response)


def test_the_board_lists_one_state_with_its_steps(world, client_of):
    response = client_of(world.person("team_leader")).get(f"{reverse('board')}?state=factory_review")
    assert [card["assessment"] for card in response.context["cards"]] == [world.assessments["a3"]]
    assert [step.name for step in response.context["bulk_steps"]] == ["publish"]


@pytest.mark.parametrize(
    "persona",
    ["advisor", "team_leader", "programme_manager", "global_staff", "vietnam_manager", "manager_a", "outsider"],
)
def test_the_buttons_follow_what_the_service_allows(world, persona):
    user = world.person(persona)
    rights = StepRights(user)
    for assessment in Assessment.objects.select_related("factory__programme"):
        for step in STEPS.values():
            assert rights.allows(assessment, step) == may_take_step(user, assessment, step.name)


def test_a_step_is_confirmed_then_taken(world, client_of):
    client = client_of(world.person("team_leader"))
    address = reverse("assessment_step", args=[world.assessments["a3"].pk, "publish"])
    assert "It opens to the brands" in text(client.get(address))
    world.assessments["a3"].refresh_from_db()
    assert world.assessments["a3"].state == "factory_review"
    done = text(client.post(address, follow=True))
    assert f'<a href="{page(world.assessments["a3"])}">{world.factory_a.name}, cycle 3</a>' in done
    world.assessments["a3"].refresh_from_db()
    assert world.assessments["a3"].state == "published"


@pytest.mark.parametrize(("days", "early"), [(1, True), (8, False)])
def test_publishing_says_how_the_factorys_review_stands(world, client_of, days, early):
    a3 = world.assessments["a3"]
    Assessment.objects.filter(pk=a3.pk).update(released_at=timezone.now() - timedelta(days=days))
    address = reverse("assessment_step", args=[a3.pk, "publish"])
    shown = text(client_of(world.person("team_leader")).get(address))
    assert ("review is not over" in shown) is early
    assert "Not yet" in shown


def test_publishing_says_who_opened_it_and_how_many_brands_wait(world, client_of):
    a3 = world.assessments["a3"]
    world.grant()
    world.grant(scope="step1")
    world.grant(world.brand_b, hold_days=5)
    staff, address = client_of(world.person("team_leader")), reverse("assessment_step", args=[a3.pk, "publish"])
    staff.get(page(a3))
    assert "Opened by the factory" in [label for label, _value in staff.get(address).context["facts"]]
    before = dict(staff.get(address).context["facts"])
    client_of(world.person("member_a")).get(page(a3))
    after = dict(staff.get(address).context["facts"])
    assert before["Opened by the factory"] == "Not yet"
    assert after["Opened by the factory"] != "Not yet"
    assert after["Brands that will see it at once"] == 1


def test_many_at_once_name_those_whose_review_runs(world, client_of):
    a3 = world.assessments["a3"]
    Assessment.objects.filter(pk=a3.pk).update(released_at=timezone.now())
    listed = client_of(world.person("team_leader")).post(
        reverse("board_steps"), {"step": "publish", "ids": [str(a3.pk)]}
    )
    assert "review runs until" in text(listed)


def test_the_factory_is_told_until_when_it_may_review_and_whom_to_write_to(world, client_of):
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(contact_email="office@test.example")
    Assessment.objects.filter(pk=world.assessments["a3"].pk).update(released_at=timezone.now())
    shown = text(client_of(world.person("member_a")).get(page(world.assessments["a3"])))
    assert "can review this report until" in shown
    assert "mailto:office@test.example" in shown


def test_planned_ones_stand_by_their_start_and_published_ones_newest_first(world, client_of):
    for cycle, days in ((7, 3), (8, 30), (9, 1)):
        make_assessment(world, world.factory_b, cycle, "published", published_days_ago=days)
    response = client_of(world.person("team_leader")).get(reverse("board"))
    columns = {column["state"].value: column["cards"] for column in response.context["columns"]}
    published = [card["assessment"].published_at for card in columns["published"]]
    planned = [card["assessment"].start_date for card in columns["planned"]]
    assert published == sorted(published, reverse=True)
    assert planned == sorted(planned)


def test_a_point_with_information_questions_alone_is_not_called_unassessed(world, client_of):
    world.grant(scope="step1")
    response = client_of(world.person("brand_a_member")).get(page(world.assessments["a2"]))
    informing = {name for _cluster, _line, informs in response.context["sections"]["step1"] for name in informs}
    assert informing == {"Leave"}
    assert "Information only" in text(response)


def test_a_filter_that_is_not_offered_is_named_and_nothing_fits_it(world, client_of):
    for address, persona in ((reverse("board"), "team_leader"), (reverse("shared_list"), "brand_a_member")):
        assert "This is not on the list" in text(client_of(world.person(persona)).get(f"{address}?country=ZZ"))


def test_a_withdrawal_needs_a_reason(world, client_of):
    client = client_of(world.person("team_leader"))
    address = reverse("assessment_step", args=[world.assessments["a2"].pk, "withdraw"])
    assert client.post(address, {"reason": ""}).status_code == 400
    world.assessments["a2"].refresh_from_db()
    assert world.assessments["a2"].state == "published"
    client.post(address, {"reason": "Wrong factory"})
    world.assessments["a2"].refresh_from_db()
    assert (world.assessments["a2"].state, world.assessments["a2"].withdrawn_reason) == ("withdrawn", "Wrong factory")


@pytest.mark.parametrize(("persona", "status"), [("manager_a", 403), ("advisor", 403), ("brand_b_member", 404)])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_step_that_is_not_ones_own_is_refused(world, client_of, persona, status, method):
    address = reverse("assessment_step", args=[world.assessments["a3"].pk, "publish"])
    assert getattr(client_of(world.person(persona)), method)(address).status_code == status
    world.assessments["a3"].refresh_from_db()
    assert world.assessments["a3"].state == "factory_review"


def test_there_is_no_step_of_another_name(world, client_of):
    address = reverse("assessment_step", args=[world.assessments["a3"].pk, "delete"])
    assert client_of(world.person("team_leader")).post(address).status_code == 404


def test_a_stale_page_gets_a_clear_message_and_changes_nothing(world, client_of):
    address = reverse("assessment_step", args=[world.assessments["a4"].pk, "publish"])
    response = client_of(world.person("team_leader")).post(address, follow=True)
    assert "Load the page again" in text(response)
    world.assessments["a4"].refresh_from_db()
    assert world.assessments["a4"].state == "planned"


def test_many_are_listed_first_and_then_published(world, client_of):
    more = make_assessment(world, world.factory_b, 6, "factory_review")
    ids = [str(world.assessments["a3"].pk), str(more.pk)]
    client = client_of(world.person("team_leader"))
    listed = client.post(reverse("board_steps"), {"step": "publish", "ids": ids})
    assert world.factory_b.name in text(listed)
    assert Assessment.objects.filter(pk__in=ids, state="published").count() == 0
    client.post(reverse("board_steps"), {"step": "publish", "ids": ids, "confirmed": "yes"})
    assert Assessment.objects.filter(pk__in=ids, state="published").count() == 2


def test_one_that_cannot_be_published_does_not_stop_the_others(world, client_of):
    ids = [str(world.assessments["a3"].pk), str(world.assessments["a4"].pk)]
    response = client_of(world.person("team_leader")).post(
        reverse("board_steps"), {"step": "publish", "ids": ids, "confirmed": "yes"}, follow=True
    )
    assert Assessment.objects.get(pk=ids[0]).state == "published"
    assert Assessment.objects.get(pk=ids[1]).state == "planned"
    assert "1 assessment done" in text(response)


@pytest.mark.parametrize("ids", [[], ["nonsense"], ["00000000-0000-0000-0000-000000000000"]])
def test_choosing_nothing_real_changes_nothing(world, client_of, ids):
    response = client_of(world.person("team_leader")).post(
        reverse("board_steps"), {"step": "publish", "ids": ids, "confirmed": "yes"}, follow=True
    )
    assert "Nothing was chosen" in text(response)


def test_ids_of_another_country_count_as_not_there(world, client_of):
    response = client_of(world.person("vietnam_manager")).post(
        reverse("board_steps"),
        {"step": "publish", "ids": [str(world.assessments["a3"].pk)], "confirmed": "yes"},
        follow=True,
    )
    assert "Nothing was chosen" in text(response)
    assert Assessment.objects.get(pk=world.assessments["a3"].pk).state == "factory_review"


def test_a_correction_starts_with_its_note(world, client_of):
    client = client_of(world.person("team_leader"))
    address = reverse("assessment_correct", args=[world.assessments["a2"].pk])
    assert client.post(address, {"note": ""}).status_code == 400
    assert client.post(address, {"note": "Overtime was misread"}).status_code == 302
    made = Assessment.objects.get(factory=world.factory_a, cycle=2, version=2)
    assert (made.state, made.correction_note) == ("internal_review", "Overtime was misread")


@pytest.mark.parametrize(("persona", "status"), [("manager_a", 403), ("advisor", 403), ("brand_a_member", 404)])
def test_a_correction_is_the_staffs(world, client_of, persona, status):
    address = reverse("assessment_correct", args=[world.assessments["a2"].pk])
    assert client_of(world.person(persona)).post(address, {"note": "x"}).status_code == status


# Figures


def test_the_shared_list_takes_at_most_six_queries_however_long_it_is(world, client_of, django_assert_max_num_queries):
    world.grant()
    world.grant(scope="step1")
    client = client_of(world.person("brand_a_member"))
    for cycle in range(5, 30):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=40)
    with django_assert_max_num_queries(6):
        client.get(reverse("shared_list"))


@pytest.mark.parametrize("persona", ["brand_a_member", "manager_a", "team_leader"])
def test_the_assessment_page_takes_at_most_ten_queries(world, client_of, django_assert_max_num_queries, persona):
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
