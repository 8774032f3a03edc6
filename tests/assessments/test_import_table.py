"""The long table in: what becomes of its rows, and that the same rows change nothing."""

from pathlib import Path

import pytest

from assessments.imports.services import confirm_import, error_rows
from assessments.models import Answer, Assessment, Question
from assessments.publication.services import start_correction, take_step
from factories.models import Factory
from factories.roles import FACTORY
from portal.core.models import Event
from tests.assessments.tables import LEAVE, OVERTIME, check, load, messages, rows_of_everything, table
from tests.publishing import advance

PUBLIC_AND_ZERO = ["Public Disclosure", "Zero Tolerance"]


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]


def test_rows_become_an_assessment_in_internal_review(world):
    load(world.person("team_leader"), table({}, OVERTIME, LEAVE))
    made = Assessment.objects.get(quest_id="70003")
    assert (made.factory, made.cycle, made.state, made.tool) == (world.factory_b, 7, "internal_review", world.tool)
    answers = {a.question.ext_id: (a.finding, a.value) for a in made.answers.select_related("question")}
    assert answers == {"1000": ("nc", ""), "1010": ("compliant", ""), "1022": ("info", LEAVE["Finding"])}


def test_the_sample_starts_an_empty_installation(world):
    sample = Path(__file__).with_name("data") / "assessments-long-table.csv"
    by = world.person("global_staff")
    batch = check(by, sample.read_bytes())
    assert batch.state == "ready", error_rows(batch)
    assert batch.plan["duplicates"] == 2
    assert batch.plan["programmes"] == ["BD"]
    assert len(batch.plan["factories"]) == 6
    confirm_import(by=by, batch=batch, create_missing=True, treat_as_step1=True)
    assert Assessment.objects.filter(quest_id__isnull=False).count() == 15
    old = Factory.objects.get(bw_id="9003")
    assert (old.name, old.is_obsolete, old.current_cycle) == ("Old Mill Knitting", True, 3)
    assert Factory.objects.get(bw_id="9002").name == 'Sunrise "Angkor" Apparel, Branch 2'
    assert Factory.objects.get(bw_id="9201").name == "নবীন পোশাক Ltd"
    assert FACTORY.role_groups(old).count() == 4
    questions = Question.objects.filter(tool__name="Cambodia Garment CAT V1")
    assert not questions.filter(type="NC").exclude(step=1).exists()
    assert not questions.filter(type="FGW").exclude(step=None).exists()
    first = questions.get(ext_id="1002")
    assert (first.tags, first.is_public_issue, first.is_zero_tolerance) == (PUBLIC_AND_ZERO, True, True)
    multiline = Answer.objects.filter(question__type="FGW", value__contains="\n").first()
    assert multiline.value == "multi\nline note"


def test_without_the_step1_choice_new_questions_have_no_step(world):
    by = world.person("team_leader")
    load(by, table({"Questionnaire": "Cambodia CAT V9"}), create_missing=True)
    assert list(Question.objects.filter(tool__name="Cambodia CAT V9").values_list("step", flat=True)) == [None]


def test_importing_again_changes_nothing(world):
    by = world.person("team_leader")
    content = table({}, OVERTIME, LEAVE)
    load(by, content)
    before = rows_of_everything()
    batch = load(by, content)
    assert (batch.plan["unchanged"], batch.plan["new"], batch.plan["changed"]) == (1, 0, [])
    assert batch.plan["nothing"]
    assert rows_of_everything() == before


def test_another_content_changes_what_is_not_released(world):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME, LEAVE))
    batch = load(by, table({**LEAVE, "Finding": "20"}, {**OVERTIME, "Finding": "1"}, {"Finding": ""}))
    assert batch.plan["changed"] == ["70003"]
    answers = Answer.objects.filter(assessment__quest_id="70003").values_list("question__ext_id", "finding", "value")
    assert set(answers) == {("1010", "nc", ""), ("1022", "info", "20")}


def test_what_the_table_cannot_say_stays(world):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME))
    Answer.objects.filter(assessment__quest_id="70003", question__ext_id="1010").update(finding="not_applicable")
    batch = load(by, table({}, {**OVERTIME, "Finding": ""}))
    assert batch.plan["unchanged"] == 1
    load(by, table({"Finding": "0"}, {**OVERTIME, "Finding": ""}))
    answers = Answer.objects.filter(assessment__quest_id="70003").values_list("question__ext_id", "finding")
    assert set(answers) == {("1000", "compliant"), ("1010", "not_applicable")}


@pytest.mark.parametrize(
    ("state", "step"),
    [("factory_review", "Return it to internal review first"), ("published", "Start a correction first")],
)
def test_a_released_assessment_is_left_alone(world, state, step):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME))
    advance(by, Assessment.objects.get(quest_id="70003"), to=state)
    assert load(by, table({}, OVERTIME)).plan["unchanged"] == 1
    batch = check(by, table({"Finding": "0"}, OVERTIME))
    assert batch.state == "refused"
    assert step in messages(batch)[0][2]


def test_a_correction_takes_what_a_table_says_and_the_old_table_changes_nothing(world):
    by = world.person("team_leader")
    old = table({}, OVERTIME)
    load(by, old)
    published = advance(by, Assessment.objects.get(quest_id="70003"), to="published")
    correction = start_correction(by=by, assessment=published, note="Overtime was wrong")
    load(by, table({}, {**OVERTIME, "Finding": "1"}))
    assert world.answer(correction, "1010").finding == "nc"
    assert world.answer(published, "1010").finding == "compliant"
    assert load(by, old).plan["unchanged"] == 1
    assert world.answer(correction, "1010").finding == "nc"


def test_a_table_that_equals_a_replaced_version_is_told_which_one_is_in_force(world, client_of):
    by, old, new = world.person("team_leader"), table({}, OVERTIME), table({}, {**OVERTIME, "Finding": "1"})
    load(by, old)
    published = advance(by, Assessment.objects.get(quest_id="70003"), to="published")
    correction = start_correction(by=by, assessment=published, note="Overtime was wrong")
    load(by, new)
    assert check(by, old).plan["notes"] == []  # it is still in force
    advance(by, correction, to="published")
    batch = check(by, old)
    page = client_of(by).get(f"/assessments/import/{batch.pk}/").content.decode()
    assert "so importing them changes nothing: Quest ID 70003 (version 1; version 2 is in force)." in page
    assert (load(by, old).plan["applied"]["changed"], world.answer(correction, "1010").finding) == (0, "nc")
    assert check(by, new).plan["notes"] == []


def test_other_wording_of_a_known_question_is_noted(world):
    batch = check(world.person("team_leader"), table({"Q Label": "Child labour"}))
    assert batch.state == "ready"
    assert batch.plan["notes"] == [{"code": "reworded", "more": 0, "names": ["1000"]}]


def test_national_law_is_of_the_row(world):
    law = {"Tags": "Public Disclosure;Zero Tolerance;National Law"}
    load(world.person("team_leader"), table(law, OVERTIME))
    made = Assessment.objects.get(quest_id="70003")
    assert world.answer(made, "1000").finding == "nc_national_law"


def test_a_question_of_a_new_questionnaire_is_written_in_one_way(world):
    new = {"Questionnaire": "Cambodia CAT V9"}
    batch = check(world.person("team_leader"), table(new, {**new, "Quest ID": "2", "Cycle": "8", "Q Label": "Other"}))
    assert [(row, column) for row, column, _ in messages(batch)] == [(3, "Q Label")]


def test_events_tell_of_the_import(world):
    by = world.person("team_leader")
    batch = load(by, table({}))
    made = Assessment.objects.get(quest_id="70003")
    assert Event.objects.filter(kind="assessment.imported", subject=str(made.pk), actor=by).count() == 1
    assert Event.objects.filter(kind="table.imported", subject=str(batch.pk)).count() == 1


def test_the_factorys_cycle_moves_on(world):
    """Not with the import, of which the factory learns nothing, but when it gets the report."""
    by, before = world.person("team_leader"), world.factory_b.current_cycle
    load(by, table({}))
    world.factory_b.refresh_from_db()
    assert world.factory_b.current_cycle == before < 7
    take_step(by=by, assessment=Assessment.objects.get(quest_id="70003"), name="send_to_factory")
    world.factory_b.refresh_from_db()
    assert world.factory_b.current_cycle == 7


def test_an_obsolete_factory_is_marked(world):
    batch = load(world.person("team_leader"), table({"Factory Assessed Name": "Mekong Heron Apparel (obsolete)"}))
    assert batch.plan["obsolete"] == ["KH-0002"]
    world.factory_b.refresh_from_db()
    assert (world.factory_b.is_obsolete, world.factory_b.name) == (True, "Mekong Heron Apparel")
