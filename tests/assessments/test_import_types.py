"""The long table in: question types besides NC and FGW, which count as NC after one confirmation."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from assessments.imports.models import CountedType
from assessments.imports.services import confirm_import
from assessments.models import Assessment, Question
from portal.core.models import Event
from tests.assessments.tables import LEAVE, OVERTIME, check, load, messages, rows_of_everything, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]

NCQ = {"Question type": "NCQ"}
OTHER_VISIT = {"Quest ID": "70004", "Cycle": "8"}
ASKED = "Cambodia: 3 rows have the question type NCQ. Treat them as NC?"


def test_other_types_are_asked_about_with_the_exact_count(world, client_of):
    client = client_of(world.person("team_leader"))
    content = table(NCQ, {**OVERTIME, **NCQ}, LEAVE, {**NCQ, **OTHER_VISIT})
    page = client.post("/assessments/import/", {"file": SimpleUploadedFile("t.csv", content)}).headers["Location"]
    assert ASKED in client.get(page).content.decode()
    refused = client.post(f"{page}apply/", {})
    assert refused.status_code == 400
    assert "Tick the box to count these rows as NC questions" in refused.content.decode()
    assert not Assessment.objects.filter(quest_id="70003").exists()
    assert not CountedType.objects.exists()
    client.post(f"{page}apply/", {"count_as_nc": "on"})
    assert world.answer(Assessment.objects.get(quest_id="70003"), "1000").finding == "nc"


def test_the_count_is_exact_beyond_what_is_listed(world):
    many = [{**OVERTIME, **NCQ, "Quest ID": str(number), "Cycle": str(number)} for number in range(8, 190)]
    batch = check(world.person("team_leader"), table(*many, *many))
    assert batch.plan["types"] == [{"country": "KH", "word": "NCQ", "rows": 364}]


def test_a_confirmed_type_is_not_asked_about_again_in_its_country(world):
    by = world.person("global_staff")
    first = load(by, table(NCQ), count_as_nc=True)
    batch = check(by, table({**NCQ, **OTHER_VISIT}))
    assert batch.plan["types"] == []
    vietnam = {"Country": "Vietnam", "Factory Assessed ID": "VN-9", "Quest ID": "5", "Questionnaire": "Vietnam CAT V9"}
    assert check(by, table({**NCQ, **vietnam})).plan["types"] == [{"country": "VN", "word": "NCQ", "rows": 1}]
    known = CountedType.objects.get()
    assert (known.country, known.word, known.confirmed_by) == ("KH", "NCQ", by)
    event = Event.objects.get(kind="table.type_confirmed")
    assert (event.actor, event.data["word"], event.data["rows"], event.data["import"]) == (by, "NCQ", 1, str(first.pk))


def test_a_confirmation_is_stored_once(world):
    by = world.person("team_leader")
    batches = [check(by, table(NCQ)), check(by, table(NCQ))]
    for batch in batches:
        confirm_import(by=by, batch=batch, count_as_nc=True)
    assert Event.objects.filter(kind="table.type_confirmed").count() == 1


def test_a_new_questionnaire_has_them_as_nc(world):
    new = {"Questionnaire": "Cambodia CAT V9"}
    by = world.person("team_leader")
    load(by, table({**new, **NCQ}, {**new, **LEAVE}), create_missing=True, count_as_nc=True)
    assert list(Question.objects.filter(tool__name=new["Questionnaire"]).values_list("type", flat=True)) == [
        "NC",
        "FGW",
    ]


def test_both_decisions_are_named(world):
    by = world.person("team_leader")
    batch = check(by, table({"Questionnaire": "Cambodia CAT V9", **NCQ}))
    with pytest.raises(ValidationError) as refused:
        confirm_import(by=by, batch=batch)
    assert set(refused.value.message_dict) == {"create_missing", "count_as_nc"}


def test_words_in_a_finding_of_such_a_question_are_refused(world):
    """A type of questions with free text is not taken for NC."""
    before = rows_of_everything()
    batch = check(world.person("team_leader"), table({**NCQ, "Finding": "18 days"}))
    assert [(row, column) for row, column, _ in messages(batch)] == [(2, "Finding")]
    assert rows_of_everything() == before


def test_a_table_with_errors_says_what_it_will_be_asked(world, client_of):
    by = world.person("team_leader")
    batch = check(by, table(NCQ, {**OVERTIME, **NCQ}, {**OTHER_VISIT, **NCQ, "Finding": "2"}))
    assert batch.state == "refused"
    assert ASKED in client_of(by).get(f"/assessments/import/{batch.pk}/").content.decode()


def test_the_command_needs_the_option(world, tmp_path, capsys):
    path = tmp_path / "table.csv"
    path.write_bytes(table(NCQ))
    with pytest.raises(CommandError, match="--count-as-nc"):
        call_command("import_assessments", str(path), by=world.person("team_leader").email)
    assert "1 row has the question type NCQ" in capsys.readouterr().out
    call_command("import_assessments", str(path), by=world.person("team_leader").email, count_as_nc=True)
    assert Assessment.objects.get(quest_id="70003").answers.count() == 1
