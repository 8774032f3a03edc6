"""The long table in: tags that differ by row belong to the finding, and come back in the export."""

import csv
import io

import pytest

from assessments.answering.digests import answer_digests
from assessments.models import Answer, Assessment, Question
from assessments.publication.services import start_correction
from assessments.reports.table import COLUMNS
from tests.assessments.tables import LEAVE, OVERTIME, check, file_of, load, messages, rows_of_everything, table
from tests.publishing import advance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]

OWN = {**OVERTIME, "Tags": "Night shift;Public Disclosure"}


def tags_of(quest_id):
    answers = Answer.objects.filter(assessment__quest_id=quest_id, assessment__version=1)
    return dict(answers.values_list("question__ext_id", "tags"))


def exported_tags(by, made):
    rows = csv.DictReader(io.StringIO(file_of(by, made, "csv").decode("utf-8-sig"), newline=""))
    return {row["Question ID"]: row["Tags"] for row in rows}


def test_a_finding_keeps_tags_that_are_not_its_questions(world):
    by = world.person("team_leader")
    load(by, table({}, OWN, LEAVE))
    assert tags_of("70003") == {"1000": None, "1010": ["Night shift", "Public Disclosure"], "1022": None}
    exported = exported_tags(by, Assessment.objects.get(quest_id="70003"))
    assert exported["1010"] == "Night shift;Public Disclosure"
    assert exported["1000"] == "Public Disclosure;Zero Tolerance"


def test_no_tags_are_tags_of_its_own_too(world):
    by = world.person("team_leader")
    load(by, table({"Tags": ""}))
    assert tags_of("70003") == {"1000": []}
    assert exported_tags(by, Assessment.objects.get(quest_id="70003"))["1000"] == ""


def test_a_table_without_the_column_has_the_questions_tags(world):
    by = world.person("team_leader")
    load(by, table({}, OWN))
    columns = [name for name in COLUMNS if name != "Tags"]
    assert load(by, table({}, OWN, columns=columns)).plan["unchanged"] == 1
    load(by, table({"Finding": "0"}, {**OWN, "Finding": "1"}, columns=columns))
    assert tags_of("70003") == {"1000": None, "1010": ["Night shift", "Public Disclosure"]}


def test_the_order_of_tags_makes_no_difference(world):
    load(world.person("team_leader"), table({"Tags": "Zero Tolerance;Public Disclosure"}))
    assert tags_of("70003") == {"1000": None}


def test_another_table_changes_the_tags_and_the_same_one_nothing(world):
    by = world.person("team_leader")
    load(by, table({}, OWN))
    before = rows_of_everything()
    assert load(by, table({}, OWN)).plan["nothing"]
    assert rows_of_everything() == before
    assert load(by, table({}, {**OWN, "Tags": "Bonus"})).plan["changed"] == ["70003"]
    assert tags_of("70003")["1010"] == ["Bonus"]


def test_a_new_question_has_the_tags_of_most_assessments(world):
    by, new = world.person("team_leader"), {"Questionnaire": "Cambodia CAT V9"}
    visits = [{**new, "Quest ID": f"9{cycle}", "Cycle": str(cycle)} for cycle in (7, 8, 9)]
    rows = [{**visits[0], "Tags": "Rare"}, {**visits[0], "Tags": "Rare"}, {**visits[0], "Tags": "Rare"}]
    load(by, table(*rows, *({**visit, "Tags": "B;A"} for visit in visits[1:])), create_missing=True)
    assert Question.objects.get(tool__name="Cambodia CAT V9").tags == ["A", "B"]
    assert [tags_of(f"9{cycle}") for cycle in (7, 8)] == [{"1000": ["Rare"]}, {"1000": None}]


def test_two_sets_of_tags_for_one_finding_are_refused(world):
    batch = check(world.person("team_leader"), table({}, {"Tags": "Other"}))
    ((row, column, text),) = messages(batch)
    assert (row, column) == (3, "Tags")
    assert "has “Public Disclosure;Zero Tolerance” in row 2" in text


def test_what_was_published_before_there_were_such_tags_is_left_alone(world):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME))
    advance(by, Assessment.objects.get(quest_id="70003"), to="published")
    batch = load(by, table({}, OWN))
    assert batch.plan["unchanged"] == 1
    assert batch.plan["notes"] == [{"code": "other_tags", "names": ["70003"], "more": 0}]
    assert tags_of("70003") == {"1000": None, "1010": None}


def test_a_correction_begins_with_them_and_the_digest_covers_them(world):
    by = world.person("team_leader")
    load(by, table({}, OWN))
    published = advance(by, Assessment.objects.get(quest_id="70003"), to="published")
    correction = start_correction(by=by, assessment=published, note="Overtime was wrong")
    assert world.answer(correction, "1010").tags == ["Night shift", "Public Disclosure"]
    same = answer_digests([published.pk, correction.pk])
    assert same[published.pk] == same[correction.pk]
    Answer.objects.filter(assessment=correction, question__ext_id="1010").update(tags=["Bonus"])
    assert answer_digests([correction.pk])[correction.pk] != same[published.pk]
