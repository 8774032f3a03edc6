"""The long table in: what is read, what is refused, and that it is all or nothing."""

import csv
import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils import timezone

from assessments.imports import listing, problems, reading, words
from assessments.imports.applying import apply_batch
from assessments.imports.services import confirm_import, error_rows, start_import
from assessments.models import Answer, Assessment, Question, Tool
from assessments.models.imports import ImportBatch, ImportRow, ImportVisit
from assessments.report_services import order_report
from assessments.reports.table import COLUMNS, finding_cell, long_table
from assessments.services import start_correction, take_step
from factories.models import Factory
from factories.roles import FACTORY
from factories.services import create_programme
from portal.core import jobs
from portal.core.models import Event, Job

PUBLIC_AND_ZERO = ["Public Disclosure", "Zero Tolerance"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]

ROW = {
    "Country": "Cambodia",
    "Factory Assessed ID": "KH-0002",
    "Factory Assessed Name": "Mekong Heron Apparel",
    "Quest ID": "70003",
    "Cycle": "7",
    "Assesment Start Date": "27/03/2016",
    "Questionnaire": "Cambodia CAT V1",
    "Cluster": "Child Labour",
    "CP": "Child Labourers",
    "Question ID": "1000",
    "Q Label": "Workers below the legal minimum age were found",
    "Question type": "NC",
    "Finding": "1",
    "Tags": "Public Disclosure;Zero Tolerance",
}
OVERTIME = {
    "Cluster": "Compensation",
    "CP": "Overtime Wages",
    "Question ID": "1010",
    "Q Label": "Overtime is paid at the wrong rate",
    "Finding": "0",
    "Tags": "Public Disclosure",
}
LEAVE = {
    "Cluster": "Working Time",
    "CP": "Leave",
    "Question ID": "1022",
    "Q Label": "How many days of annual leave do workers get",
    "Question type": "FGW",
    "Finding": '18 days; "and more"\nfor some',
    "Tags": "",
}


def table(*changes, columns=COLUMNS, delimiter=",", encoding="utf-8"):
    """A file with one row for each change of `ROW`."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**ROW, **change} for change in changes)
    return out.getvalue().encode(encoding)


def check(by, content, name="table.csv"):
    batch = start_import(by=by, upload=ContentFile(content, name=name))
    batch.refresh_from_db()
    return batch


def load(by, content, **options):
    batch = check(by, content)
    assert batch.state == "ready", error_rows(batch)
    batch = confirm_import(by=by, batch=batch, **options)
    batch.refresh_from_db()
    assert batch.job.state == "done", batch.job.error
    return batch


def messages(batch):
    return [(p.row, p.column, p.message) for p in error_rows(batch)]


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


def rows_of_everything():
    return [
        list(Assessment.objects.order_by("pk").values()),
        list(Answer.objects.order_by("pk").values()),
        list(Factory.objects.order_by("pk").values()),
        list(Tool.objects.order_by("pk").values()),
    ]


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


@pytest.mark.parametrize("state", ["factory_review", "published"])
def test_a_released_assessment_is_left_alone(world, state):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME))
    now = timezone.now()
    published = now if state == "published" else None
    Assessment.objects.filter(quest_id="70003").update(state=state, released_at=now, published_at=published)
    assert load(by, table({}, OVERTIME)).plan["unchanged"] == 1
    batch = check(by, table({"Finding": "0"}, OVERTIME))
    assert batch.state == "refused"
    assert "correction" in messages(batch)[0][2]


def test_a_correction_takes_what_a_table_says_and_the_old_table_changes_nothing(world):
    by = world.person("team_leader")
    old = table({}, OVERTIME)
    load(by, old)
    now = timezone.now()
    Assessment.objects.filter(quest_id="70003").update(state="published", released_at=now, published_at=now)
    published = Assessment.objects.get(quest_id="70003")
    correction = start_correction(by=by, assessment=published, note="Overtime was wrong")
    load(by, table({}, {**OVERTIME, "Finding": "1"}))
    assert world.answer(correction, "1010").finding == "nc"
    assert world.answer(published, "1010").finding == "compliant"
    assert load(by, old).plan["unchanged"] == 1
    assert world.answer(correction, "1010").finding == "nc"


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"Finding": "2"}, "Finding", "1 (non-compliant), 0 (compliant)"),
        ({"Finding": "yes"}, "Finding", "“yes”"),
        ({"Question type": "XX"}, "Question type", "NC, FGW"),
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
        assert "no factory assessments" in messages(batch)[0][2]


def test_r48_sri_lanka_is_refused_where_it_has_no_programme(world):
    batch = check(world.person("global_staff"), table({"Country": "Sri Lanka", "Factory Assessed ID": "LK-1"}))
    assert "no factory assessments" in messages(batch)[0][2]


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
    assert "one per cycle" in messages(batch)[0][2]


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
    now = timezone.now()
    dates = {"released_at": now, "published_at": now} if state == "published" else {}
    Assessment.objects.filter(quest_id="70003").update(state=state, **dates)
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


def test_a_question_of_a_new_questionnaire_is_written_in_one_way(world):
    new = {"Questionnaire": "Cambodia CAT V9"}
    batch = check(world.person("team_leader"), table(new, {**new, "Quest ID": "2", "Cycle": "8", "Q Label": "Other"}))
    assert [(row, column) for row, column, _ in messages(batch)] == [(3, "Q Label")]


def test_other_wording_of_a_known_question_is_noted(world):
    batch = check(world.person("team_leader"), table({"Q Label": "Child labour"}))
    assert batch.state == "ready"
    assert "1000" in batch.plan["notes"][0]


def test_national_law_is_of_the_row(world):
    law = {"Tags": "Public Disclosure;Zero Tolerance;National Law"}
    load(world.person("team_leader"), table(law, OVERTIME))
    made = Assessment.objects.get(quest_id="70003")
    assert world.answer(made, "1000").finding == "nc_national_law"


def test_an_export_is_imported_as_it_was(world):
    by = world.person("team_leader")
    load(by, table({}, OVERTIME, {**LEAVE, "Finding": "=SUM(1) and '+1"}))
    made = Assessment.objects.get(quest_id="70003")
    assert world.answer(made, "1022").value == "=SUM(1) and '+1"
    rows = [
        {
            "country": "Cambodia",
            "factory_id": made.factory.bw_id,
            "factory_name": made.factory.name,
            "quest_id": "70003",
            "cycle": made.cycle,
            "start_date": made.start_date,
            "questionnaire": made.tool.name,
            "cluster": answer.question.compliance_point.cluster.name,
            "compliance_point": answer.question.compliance_point.name,
            "question_id": answer.question.ext_id,
            "label": answer.question.label,
            "question_type": answer.question.type,
            "finding": finding_cell(answer.question.type, answer.finding, answer.value),
            "tags": answer.question.tags,
        }
        for answer in made.answers.select_related("question__compliance_point__cluster")
    ]
    assert load(by, b"".join(long_table(rows))).plan["unchanged"] == 1


@pytest.mark.parametrize("state", ["internal_review", "published"])
def test_the_csv_that_staff_order_goes_back_in(world, state):
    """Every Step, every tag and the questionnaire's name are in theirs; the factory's file names none of it."""
    by = world.person("team_leader")
    national = {**OVERTIME, "Finding": "1", "Tags": "Public Disclosure;National Law"}
    step3 = {**LEAVE, "CP": "Overtime", "Question ID": "1021", "Question type": "NC", "Finding": "0"}
    step3["Q Label"] = "Overtime is not voluntary"
    load(by, table({}, national, {**LEAVE, "Finding": "=1+1"}, step3))
    made = Assessment.objects.get(quest_id="70003")
    for step in ("send_to_factory", "publish") if state == "published" else ():
        take_step(by=by, assessment=made, name=step)
    made.refresh_from_db()
    before = rows_of_everything()
    mine = file_of(by, made, "csv")
    batch = load(by, mine)
    assert (batch.plan["unchanged"], batch.plan["changed"], batch.plan["new"]) == (1, [], 0)
    assert rows_of_everything() == before
    assert "Public Disclosure;Zero Tolerance" in mine.decode()
    if state == "published":
        theirs = file_of(world.person("manager_b"), made, "csv").decode()
        assert "Zero Tolerance" not in theirs
        assert made.tool.name not in theirs
        assert "voluntary" not in theirs


def file_of(reader, made, kind):
    copy = order_report(by=reader, assessment=made, scope="report", language="fr", format=kind)
    Job.objects.filter(pk=copy.job_id).update(state="queued")  # here jobs run before the copy is there to be made
    jobs.run(copy.job_id)
    copy.refresh_from_db()
    with storages["private"].open(copy.file) as file:
        return bytes(file.read())


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8"), (",", "utf-8-sig"), ("\t", "utf-16")])
def test_delimiters_and_encodings(world, delimiter, encoding):
    name = {"Factory Assessed Name": "Công ty May Mặc ទន្លេ"}
    batch = load(
        world.person("team_leader"),
        table({**name, "Factory Assessed ID": "KH-8"}, delimiter=delimiter, encoding=encoding),
        create_missing=True,
    )
    assert batch.plan["factories"][0]["name"] == "Công ty May Mặc ទន្លេ"


def test_windows_1258_is_refused(world):
    batch = check(world.person("team_leader"), table({"Factory Assessed Name": "Đông Á"}, encoding="cp1258"))
    ((row, column, text),) = messages(batch)
    assert (row, column) == (2, "Factory Assessed Name")
    assert "UTF-8" in text


def test_a_workbook_does_too(world):
    book = openpyxl.Workbook()
    book.active.append(COLUMNS)
    cells = {**ROW, "Cycle": 7, "Finding": 1.0, "Assesment Start Date": dt.date(2016, 3, 27), "Quest ID": 70003}
    book.active.append([cells[name] for name in COLUMNS])
    out = io.BytesIO()
    book.save(out)
    load(world.person("team_leader"), out.getvalue())
    assert world.answer(Assessment.objects.get(quest_id="70003"), "1000").finding == "nc"


def test_the_uploads_file_and_rows_are_gone_after_the_import(world):
    batch = load(world.person("team_leader"), table({}))
    assert not storages["private"].exists(batch.file)
    assert not ImportRow.objects.exists()
    assert not ImportVisit.objects.exists()


def test_running_the_import_again_does_nothing(world):
    batch = load(world.person("team_leader"), table({}))
    before = rows_of_everything()
    assert apply_batch(batch, lambda *_: None) == batch.plan["applied"]
    jobs.run(batch.job_id)
    assert rows_of_everything() == before


def test_lost_rows_are_staged_again(world):
    by = world.person("team_leader")
    batch = check(by, table({}, OVERTIME))
    ImportRow.objects.all().delete()
    ImportVisit.objects.all().delete()
    confirm_import(by=by, batch=batch)
    assert Assessment.objects.get(quest_id="70003").answers.count() == 2


def test_what_changed_since_the_preview_stops_the_import(world):
    by = world.person("team_leader")
    content = table({}, OVERTIME)
    first, second = check(by, content), check(by, content)
    confirm_import(by=by, batch=first)
    batch = confirm_import(by=by, batch=second)
    batch.refresh_from_db()
    assert (batch.state, batch.job.state) == ("ready", "failed")
    assert batch.plan["unchanged"] == 1


def test_the_right_is_asked_again_when_the_job_runs(world, monkeypatch):
    by = world.person("team_leader")
    batch = check(by, table({}))
    monkeypatch.setattr(jobs, "nudge", lambda _: None)
    batch = confirm_import(by=by, batch=batch)
    by.groups.clear()
    jobs.run(batch.job_id)
    assert not Assessment.objects.filter(quest_id="70003").exists()
    assert Job.objects.get(pk=batch.job_id).state == "failed"


def test_cancelling_while_it_writes_changes_nothing(world):
    by = world.person("team_leader")
    batch = check(by, table({}))

    def cancel(*_):
        raise jobs.JobCancelled

    before = rows_of_everything()
    with pytest.raises(jobs.JobCancelled):
        apply_batch(ImportBatch.objects.get(pk=batch.pk), cancel)
    assert rows_of_everything() == before


def test_too_many_errors_end_the_reading(world, monkeypatch):
    monkeypatch.setattr(problems, "MOST", 10)
    batch = check(world.person("team_leader"), table(*({"Cycle": f"x{number}"} for number in range(50))))
    assert len(messages(batch)) == 10


def test_a_file_names_so_many_assessments(world, monkeypatch):
    monkeypatch.setattr(reading, "MOST_VISITS", 3)
    batch = check(world.person("team_leader"), table(*({"Quest ID": str(number)} for number in range(5))))
    assert any("split" in text for _, _, text in messages(batch))


def test_events_tell_of_the_import(world):
    by = world.person("team_leader")
    batch = load(by, table({}))
    made = Assessment.objects.get(quest_id="70003")
    assert Event.objects.filter(kind="assessments.imported", subject=str(made.pk), actor=by).count() == 1
    assert Event.objects.filter(kind="assessments.table_imported", subject=str(batch.pk)).count() == 1


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


def test_an_undecided_upload_is_discarded_after_a_week(world):
    by = world.person("team_leader")
    old = check(by, table({}))
    ImportBatch.objects.filter(pk=old.pk).update(created_at=timezone.now() - dt.timedelta(days=8))
    check(world.person("vietnam_manager"), table({"Quest ID": "9"}))
    old.refresh_from_db()
    assert old.state == "discarded"
    assert not ImportRow.objects.filter(batch_id=old.pk).exists()
