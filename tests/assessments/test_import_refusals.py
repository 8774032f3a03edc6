"""The long table in: what is refused or asked about, named by row and column, before anything is written."""

import pytest
from django.core.exceptions import ValidationError

from assessments.imports import listing, reading, words
from assessments.imports.services import confirm_import, error_rows
from assessments.models import Assessment
from assessments.reports.table import COLUMNS
from factories.services import create_programme
from portal.core.tables import problems
from tests.assessments.tables import LEAVE, OVERTIME, check, load, messages, rows_of_everything, table
from tests.publishing import advance

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"Finding": "2"}, "Finding", "1 (non-compliant), 0 (compliant)"),
        ({"Finding": "yes"}, "Finding", "“yes”"),
        ({"Question type": "N;C"}, "Question type", "NC, FGW"),
        ({"Question type": "x" * 21}, "Question type", "NC, FGW"),
        ({"Question type": ""}, "Question type", "NC, FGW"),
        ({"Cycle": "0"}, "Cycle", "whole number"),
        ({"Cycle": "1.5"}, "Cycle", "whole number"),
        ({"Cycle": "-1"}, "Cycle", "whole number"),
        ({"Cycle": "٣"}, "Cycle", "whole number"),
        ({"Cycle": "99999999999999999999"}, "Cycle", "whole number"),
        ({"Assesment Start Date": "02/13/2016"}, "Assesment Start Date", "month/day/year"),
        ({"Assesment Start Date": "31/02/2016"}, "Assesment Start Date", "dd/mm/yyyy"),
        ({"Assesment Start Date": "27-03-16"}, "Assesment Start Date", "day/month/year"),
        ({"Assesment Start Date": "27/03/2999"}, "Assesment Start Date", "future"),
        ({"Country": "Cambodja"}, "Country", "English name"),
        ({"Country": ""}, "Country", "empty"),
        ({"Quest ID": " "}, "Quest ID", "empty"),
        ({"Factory Assessed ID": "KH 2"}, "Factory Assessed ID", "letters"),
        ({"Factory Assessed Name": "x" * 10_000}, "Factory Assessed Name", "200"),
        ({"Factory Assessed Name": "(Obsolete)"}, "Factory Assessed Name", "no name"),
        ({"Q Label": "x" * 1_001}, "Q Label", "1000"),
        ({"Question ID": "x" * 41}, "Question ID", "40"),
        ({"Tags": "x" * 61}, "Tags", "60"),
        ({"Question ID": "9999"}, "Question ID", "no question with this id"),
        ({"CP": "Hazardous Work"}, "CP", "Child Labourers"),
        ({"Question type": "FGW"}, "Question type", "NC"),
        ({"Country": "Vietnam"}, "Country", "staff"),
        ({"Questionnaire": "CAF 1.7"}, "Questionnaire", "verifier"),
        ({"Questionnaire": "SLCP CAF 1.8"}, "Questionnaire", "verifier"),
        ({"Questionnaire": "Better Work assessment"}, "Questionnaire", "copy of a report"),
        ({"Cycle": "1"}, "Cycle", "already has an assessment"),
        ({**LEAVE, "Finding": "x" * 10_001}, "Finding", "10000"),
    ],
)
def test_errors_name_row_column_and_what_is_allowed(world, change, column, words):
    before = rows_of_everything()
    batch = check(world.person("team_leader"), table({**OVERTIME, "Quest ID": "1", "Cycle": "9"}, change))
    assert batch.state == "refused"
    assert [(row, name) for row, name, text in messages(batch) if words in text] == [(3, column)]
    assert rows_of_everything() == before


def test_r48_sri_lanka_is_refused(world):
    create_programme(by=None, name="Better Work Sri Lanka", country="LK", assessments_allowed=False)
    for country in ("Sri Lanka", "LK"):
        batch = check(world.person("global_staff"), table({"Country": country, "Factory Assessed ID": "LK-1"}))
        assert "No factory assessments" in messages(batch)[0][2]


def test_r48_sri_lanka_is_refused_where_it_has_no_programme(world):
    batch = check(world.person("global_staff"), table({"Country": "Sri Lanka", "Factory Assessed ID": "LK-1"}))
    assert "No factory assessments" in messages(batch)[0][2]


@pytest.mark.parametrize(
    "header",
    [
        "Gateway ID,Reference ID,Facility Response,Verifier Data",
        "Facility,Question Reference,Answer",
        "FP-BAS-26,FP-BAS-27,WH-REG-1",
        "Self-assessment answer,Quest ID",
        "Auditor,Finding,Date",
        ",".join([*COLUMNS, "Verifier Body"]),
    ],
)
def test_r17_other_verifiers_data_and_self_assessments_are_refused(world, header):
    batch = check(world.person("global_staff"), f"{header}\n1,2,3\n".encode())
    assert batch.state == "refused"
    assert "verifier" in messages(batch)[0][2]


def test_r17_questions_with_slcp_ids_make_no_questionnaire(world):
    row = {"Questionnaire": "Facility data", "Question ID": "FP-BAS-26"}
    assert "verifier" in messages(check(world.person("global_staff"), table(row)))[0][2]


def test_missing_columns_are_named(world):
    columns = [name for name in COLUMNS if name not in {"Quest ID", "Finding"}]
    batch = check(world.person("team_leader"), table({}, columns=columns))
    assert "Quest ID, Finding" in messages(batch)[0][2]


def test_the_tags_column_may_be_missing_and_others_are_ignored(world):
    columns = ["Remarks", *(name for name in COLUMNS if name != "Tags")]
    batch = load(world.person("team_leader"), table({"Remarks": "=HYPERLINK(1)"}, columns=columns))
    assert batch.plan["ignored"] == ["Remarks"]


def test_two_findings_for_one_question_name_both_rows(world):
    batch = check(world.person("team_leader"), table({}, OVERTIME, {"Finding": "0"}))
    (row, column, text), *rest = messages(batch)
    assert (row, column, rest) == (4, "Finding", [])
    assert "row 2" in text


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"Factory Assessed ID": "KH-0001"}, "Factory Assessed ID"),
        ({"Cycle": "8"}, "Cycle"),
        ({"Assesment Start Date": "28/03/2016"}, "Assesment Start Date"),
        ({"Questionnaire": "Another"}, "Questionnaire"),
    ],
)
def test_a_quest_id_is_one_assessment(world, change, column):
    batch = check(world.person("team_leader"), table({}, {**OVERTIME, **change}))
    assert any((row, name) == (3, column) and "row 2" in text for row, name, text in messages(batch))


def test_a_cycle_has_one_assessment(world):
    batch = check(world.person("team_leader"), table({}, {"Quest ID": "70004"}))
    assert "Use one for each factory and cycle." in messages(batch)[0][2]


def test_ids_of_other_countries_are_only_said_to_be_taken(world):
    batch = check(world.person("team_leader"), table({"Factory Assessed ID": "VN-0001"}))
    ((row, column, text),) = messages(batch)
    assert (row, column) == (2, "Factory Assessed ID")
    assert "Viet" not in text


@pytest.mark.parametrize("told", ["Vietnam", "VN", "Sri Lanka"])
@pytest.mark.parametrize("state", ["planned", "internal_review", "published"])
def test_rows_of_another_country_tell_nothing_of_what_is_there(world, told, state):
    """Rows that meet a factory, a cycle, a questionnaire and questions there get the answer that invented ones get."""
    by, there = world.person("team_leader"), world.person("vietnam_manager")
    vietnam = {"Country": "Vietnam", "Factory Assessed ID": "VN-0001", "Questionnaire": "Vietnam CAT V7"}
    load(there, table(vietnam, {**vietnam, **OVERTIME}), create_missing=True)
    loaded = Assessment.objects.filter(quest_id="70003")
    if state == "planned":
        loaded.update(state=state)
    else:
        advance(there, loaded.get(), to=state)
    guessed = {**vietnam, "Country": told}
    invented = {**guessed, "Factory Assessed ID": "VN-9999", "Questionnaire": "Nowhere CAT"}

    def answers(row):
        """To another Quest.ID of the cycle, the same one, another cluster, and a question that is not there."""
        changes = ({"Quest ID": "1"}, {}, {"Cluster": "Other"}, {"Question ID": "9999"}, {"Cycle": "9"})
        return [messages(check(by, table({**row, **change}))) for change in changes]

    assert answers(guessed) == answers(invented)
    assert all([(row, column) for row, column, _ in found] == [(2, "Country")] for found in answers(guessed))


def test_a_country_error_says_what_is_written_and_for_how_many_rows_it_stands(world):
    vietnam = {"Country": "vietnam", "Factory Assessed ID": "VN-1"}
    rows = [{}, vietnam, {**vietnam, **OVERTIME}, {**vietnam, "Quest ID": "2", "Cycle": "8"}]
    (problem,) = error_rows(check(world.person("team_leader"), table(*rows[1:], {**OVERTIME, "Quest ID": "3"})))
    assert (problem.row, problem.column, problem.value) == (2, "Country", "vietnam")
    assert "all 3 rows" in problem.message
    assert "2 assessments" in problem.message


def test_the_preview_names_the_assessments(world):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME, LEAVE))
    two = {"Quest ID": "70004", "Cycle": "8", "Assesment Start Date": "01/02/2017"}
    batch = check(by, table({}, {**OVERTIME, "Finding": "1"}, LEAVE, {**two, "Finding": ""}, {**OVERTIME, **two}))
    changed, new = batch.plan["listed"]
    assert (changed["kind"], changed["quest_id"], changed["questions"], changed["nc"]) == ("changed", "70003", 3, 2)
    assert new == {
        "kind": "new", "factory": "KH-0002", "name": "Mekong Heron Apparel", "quest_id": "70004", "cycle": 8,
        "start": "2017-02-01", "questionnaire": "Cambodia CAT V1", "questions": 2, "nc": 0,
    }  # fmt: skip


def test_the_preview_names_so_many_assessments_and_counts_the_rest(world, monkeypatch):
    monkeypatch.setattr(listing, "LISTED", 2)
    batch = check(world.person("team_leader"), table(*({"Quest ID": f"8{n}", "Cycle": f"{n}"} for n in range(10, 15))))
    assert [one["cycle"] for one in batch.plan["listed"]] == [10, 11]
    assert words.not_listed(batch.plan) == 3
    assert "and 3 more" in "\n".join(words.summary(batch.plan))


def test_a_column_that_is_nearly_one_of_the_tables_is_pointed_out(world):
    columns = ["Inspector mood", "Tag", *(name for name in COLUMNS if name != "Tags")]
    for change, state in (({}, "ready"), ({"Cycle": "x"}, "refused")):
        batch = check(world.person("team_leader"), table(change, columns=columns))
        assert (batch.state, batch.plan["ignored"]) == (state, ["Inspector mood", "Tag"])
        assert batch.plan["nearly"] == [["Tag", "Tags"]]


def test_a_new_country_needs_the_global_staff(world):
    row = {"Country": "Jordan", "Factory Assessed ID": "JO-1", "Questionnaire": "Jordan CAT"}
    assert check(world.person("team_leader"), table(row)).state == "refused"
    assert check(world.person("global_staff"), table(row)).plan["programmes"] == ["JO"]


def test_unknown_things_are_named_and_not_created_unasked(world):
    by = world.person("team_leader")
    batch = check(by, table({"Factory Assessed ID": "KH-9", "Questionnaire": "Cambodia CAT V9"}))
    assert [factory["bw_id"] for factory in batch.plan["factories"]] == ["KH-9"]
    assert [tool["name"] for tool in batch.plan["tools"]] == ["Cambodia CAT V9"]
    before = rows_of_everything()
    with pytest.raises(ValidationError):
        confirm_import(by=by, batch=batch)
    assert rows_of_everything() == before


def test_many_errors_are_counted_and_the_first_of_each_kind_kept(world):
    batch = check(world.person("team_leader"), table(*({"Cycle": f"x{number}"} for number in range(500))))
    assert batch.plan["problems"] == 500
    assert len(messages(batch)) == 20 + problems.MOST_KEPT_OF_A_KIND


def test_a_file_names_so_many_assessments(world, monkeypatch):
    monkeypatch.setattr(reading, "MOST_VISITS", 3)
    batch = check(world.person("team_leader"), table(*({"Quest ID": str(number)} for number in range(5))))
    assert any("Split" in text for _, _, text in messages(batch))
