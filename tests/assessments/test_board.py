"""The staff's board and its steps, and where other people are sent."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from assessments.publication.rights import may_take_step
from assessments.publication.services import start_correction, take_step
from assessments.publication.states import STEPS
from factories.models import CountryProgramme, Factory
from tests.assessments.pages import page, text
from tests.world import make_assessment

pytestmark = pytest.mark.django_db


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
    assert [card["assessment"].cycle for card in response.context["late"]["cards"]] == [5]
    assert response.context["late"]["number"] == 1
    assert "12 days late" in text(response)


def test_r39_a_correction_has_no_deadline(world, client_of):
    for cycle, days in ((5, 20), (6, 400)):
        make_assessment(world, world.factory_b, cycle, "internal_review", published_days_ago=days)
    by, corrected = world.person("team_leader"), world.assessments["a2"]
    correction = start_correction(by=by, assessment=corrected, note="A typing error")
    rows = Assessment.objects.select_related("factory__programme").exclude(state="planned").with_deadline()
    assert {one.pk for one in rows.late()} == {one.pk for one in rows if one.is_late}
    assert [one.deadline for one in rows] == [one.release_deadline or date.max for one in rows]
    assert (correction.release_deadline, correction.is_late) == (None, False)
    client = client_of(by)
    listed = client.get(f"{reverse('board')}?state=internal_review")
    assert [card["assessment"].cycle for card in listed.context["cards"]] == [6, 5, 2]
    assert [card["days_late"] > 0 for card in listed.context["cards"]] == [True, True, False]
    shown = text(client.get(reverse("board")))
    assert shown.count("days late") == 4  # both above and in their column


def test_a_long_column_is_counted_no_further_than_shown_and_its_list_says_how_many(world, client_of, monkeypatch):
    monkeypatch.setattr("portal.ui.lists.COUNT_LIMIT", 9)
    for cycle in range(5, 32):
        make_assessment(world, world.factory_b, cycle, "internal_review", published_days_ago=20)
    client = client_of(world.person("team_leader"))
    board = client.get(reverse("board"))
    column = next(one for one in board.context["columns"] if one["state"] == "internal_review")
    assert (len(column["cards"]), column["shown"]) == (8, "9+")
    assert "9+ assessments are late" in text(board)
    listed = client.get(f"{reverse('board')}?state=internal_review")
    assert "27 assessments" in text(listed)


def test_the_board_lists_one_state_with_its_steps(world, client_of):
    response = client_of(world.person("team_leader")).get(f"{reverse('board')}?state=factory_review")
    assert [card["assessment"] for card in response.context["cards"]] == [world.assessments["a3"]]
    assert [step.name for step in response.context["bulk_steps"]] == ["publish"]


@pytest.mark.parametrize(
    "persona",
    ["advisor", "team_leader", "programme_manager", "global_staff", "vietnam_manager", "manager_a", "outsider"],
)
def test_a_step_is_allowed_by_the_role_in_the_country_or_by_the_assignment(world, persona):
    user = world.person(persona)
    for assessment in Assessment.objects.select_related("factory__programme"):
        for step in STEPS.values():
            is_assessors = step.name in {"start", "submit"}
            held = "view_assessments" if is_assessors else step.permission
            by_role = CountryProgramme.objects.where(user, held).filter(pk=assessment.factory.programme_id).exists()
            assigned = Factory.objects.where(user, "assess").filter(pk=assessment.factory_id).exists()
            assert may_take_step(user, assessment, step.name) is (by_role or (is_assessors and assigned)), step.name


def test_a_step_is_confirmed_then_taken(world, client_of):
    client = client_of(world.person("team_leader"))
    address = reverse("assessment_step", args=[world.assessments["a3"].pk, "publish"])
    assert "Each brand with access can read it" in text(client.get(address))
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
    assert ("review has not ended" in shown) is early
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
    assert after["Brands that will see it at once"] == "1"


def test_many_at_once_name_those_whose_review_runs(world, client_of):
    a3 = world.assessments["a3"]
    Assessment.objects.filter(pk=a3.pk).update(released_at=timezone.now())
    listed = client_of(world.person("team_leader")).post(
        reverse("board_steps"), {"step": "publish", "ids": [str(a3.pk)]}
    )
    assert "review runs until" in text(listed)


def test_a_factory_without_members_reviews_nothing_and_that_is_said(world, client_of):
    one = make_assessment(world, world.factory_vn, 1, "internal_review")
    client, none = client_of(world.person("vietnam_manager")), "The factory has no members on the portal"
    send, publish = (reverse("assessment_step", args=[one.pk, name]) for name in ("send_to_factory", "publish"))
    assert none in text(client.get(send))
    assert none in text(client.post(reverse("board_steps"), {"step": "send_to_factory", "ids": [str(one.pk)]}))
    client.post(send)
    shown = text(client.get(publish))
    assert none in shown
    assert "was notified" not in shown
    assert none not in text(client_of(world.person("team_leader")).get(page_of_step(world.assessments["a3"])))


def page_of_step(assessment):
    return reverse("assessment_step", args=[assessment.pk, "publish"])


@pytest.mark.parametrize(("persona", "may"), [("advisor", False), ("team_leader", True)])
def test_the_import_is_offered_to_those_who_may(world, client_of, persona, may):
    client, address = client_of(world.person(persona)), reverse("import_assessments")
    assert (f'href="{address}"' in text(client.get(reverse("board"))), client.get(address).status_code == 200) == (
        may,
        may,
    )


def test_what_sending_says_of_the_answers_agrees_with_the_report(world, client_of):
    one = make_assessment(world, world.factory_b, 5, "internal_review")
    client = client_of(world.person("team_leader"))
    shown = text(client.get(reverse("assessment_step", args=[one.pk, "send_to_factory"])))
    assert "To change an answer, return it to internal review." in shown
    assert "can no longer change" not in shown


def test_ones_own_versions_stand_newest_first(world, client_of):
    days = 12
    for cycle in (5, 6, 7, 8):
        make_assessment(world, world.factory_a, cycle, "published", published_days_ago=days)
    old = Assessment.objects.get(factory=world.factory_a, cycle=8)
    by = world.person("team_leader")
    correction = start_correction(by=by, assessment=old, note="A typing error")
    take_step(by=by, assessment=correction, name="send_to_factory")
    response = client_of(world.person("manager_a")).get(reverse("assessment_list"))
    listed = [(row["assessment"].cycle, row["assessment"].version) for row in response.context["rows"]]
    assert [one for one in listed if one[0] > 4] == [(8, 2), (8, 1), (7, 1), (6, 1), (5, 1)]


def test_the_factory_is_told_until_when_it_may_review_and_whom_to_write_to(world, client_of):
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(contact_email="office@test.example")
    Assessment.objects.filter(pk=world.assessments["a3"].pk).update(released_at=timezone.now())
    shown = text(client_of(world.person("member_a")).get(page(world.assessments["a3"])))
    assert "can review this report until" in shown
    assert "mailto:office@test.example" in shown


def test_published_ones_stand_newest_first(world, client_of):
    for cycle, days in ((7, 3), (8, 30), (9, 1)):
        make_assessment(world, world.factory_b, cycle, "published", published_days_ago=days)
    response = client_of(world.person("team_leader")).get(reverse("board"))
    columns = {column["state"].value: column["cards"] for column in response.context["columns"]}
    published = [card["assessment"].published_at for card in columns["published"]]
    assert published == sorted(published, reverse=True)


def test_a_point_with_information_questions_alone_is_not_called_unassessed(world, client_of):
    world.grant(scope="step1")
    response = client_of(world.person("brand_a_member")).get(page(world.assessments["a2"]))
    [answers] = [part for part in response.context["parts"] if part.rule.lists_answers]
    informing = {name for _cluster, _line, informs in answers.sections for name in informs}
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
    assert "was taken for 1 assessment." in text(response)
    assert f"{world.factory_a.name}, cycle 4: This assessment is now" in text(response)


@pytest.mark.parametrize("ids", [[], ["nonsense"], ["00000000-0000-0000-0000-000000000000"]])
def test_choosing_nothing_real_changes_nothing(world, client_of, ids):
    response = client_of(world.person("team_leader")).post(
        reverse("board_steps"), {"step": "publish", "ids": ids, "confirmed": "yes"}, follow=True
    )
    assert "No assessment was chosen" in text(response)


def test_ids_of_another_country_count_as_not_there(world, client_of):
    response = client_of(world.person("vietnam_manager")).post(
        reverse("board_steps"),
        {"step": "publish", "ids": [str(world.assessments["a3"].pk)], "confirmed": "yes"},
        follow=True,
    )
    assert "No assessment was chosen" in text(response)
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
