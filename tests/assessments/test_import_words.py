"""Errors of an uploaded table are kept as codes, and said in the language of whoever reads them."""

from typing import Any

import pytest
from django.utils import translation

from assessments.imports.models import ImportProblem
from assessments.imports.texts import LongTableText
from assessments.reports.table import COLUMNS
from portal.core.tables import Group, Problems, TableError, day
from portal.core.tables.texts import (
    ProblemText,
    Sentence,
    TableText,
    country,
    not_allowed,
    read_sentence,
    sentences_of,
)
from tests.assessments.tables import OVERTIME, check, messages, table
from tests.world import World

WRONG = [{**OVERTIME, "Cycle": "third", "Country": "Nowhere"}]
ENGLISH = "Allowed: a whole number from 1 to"


@pytest.mark.django_db
@pytest.mark.usefixtures("run_jobs")
def test_a_refused_table_is_explained_in_the_language_of_its_page(world: World, client_of: Any) -> None:
    by = world.person("team_leader")
    by.language = "vi"
    by.save(update_fields=["language"])
    batch = check(by, table(*WRONG))
    assert batch.state == "refused"
    assert set(ImportProblem.objects.filter(batch=batch).values_list("message", flat=True)) == {""}
    assert any(ENGLISH in message for _row, _column, message in messages(batch))
    with translation.override("vi"):
        told = [message for _row, _column, message in messages(batch)]
        assert not any("Allowed" in message for message in told)
        assert str(LongTableText.COUNTRIES()) in " ".join(told)

    by.language = "en"
    by.save(update_fields=["language"])
    client = client_of(by)
    assert ENGLISH in client.get(f"/assessments/import/{batch.pk}/").content.decode()
    assert ENGLISH in b"".join(client.get(f"/assessments/import/{batch.pk}/errors.csv")).decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("run_jobs")
def test_words_from_before_there_were_codes_are_still_shown(world: World) -> None:
    batch = check(world.person("team_leader"), table(*WRONG))
    batch.problems.all().delete()
    ImportProblem.objects.create(batch=batch, row=2, column="Cycle", value="third", message="Đây không phải là số.")
    assert messages(batch) == [(2, "Cycle", "Đây không phải là số.")]
    old = {"column": "Cycle", "value": "third", "message": "100 % sai", "is_mixed": False, "count": 1, "rows": [2]}
    assert Group.read(old).message == "100 % sai"


@pytest.mark.django_db
@pytest.mark.usefixtures("run_jobs")
@pytest.mark.parametrize("damage", [b"\xff", b"\0"])
def test_a_damaged_cell_below_a_long_header_is_named(world: World, damage: bytes) -> None:
    remarks = "Remarks of the visitor " * 5
    content = table({remarks: "DAMAGE"}, columns=[*COLUMNS, remarks]).replace(b"DAMAGE", damage)
    batch = check(world.person("team_leader"), content)
    assert batch.state == "refused"
    [(row, column, _message)] = messages(batch)
    assert (row, column) == (2, remarks[:60])


@pytest.mark.parametrize(
    "sentence",
    [
        TableText.UTF32().then(TableText.UTF8_HELP()),
        TableText.MONTH_FIRST(value="3/27/2016", month=27),
        not_allowed("x", LongTableText.CYCLES(200)),
        not_allowed("", LongTableText.COUNTRIES()),
        LongTableText.NO_ASSESSMENTS(country("LK")).then(LongTableText.ALL_ROWS(rows=7, visits=2)),
        Sentence("Words of before, 100 %"),
    ],
)
def test_a_sentence_is_read_back_as_it_was_kept(sentence: Sentence) -> None:
    kept = read_sentence(sentence.stored())
    for language in ("en", "ar", "km"):
        with translation.override(language):
            assert str(kept) == str(sentence)
            assert "%(" not in str(kept)


def test_a_group_is_read_back_in_another_language() -> None:
    problems = Problems()
    problems.end_with(TableError(TableText.NO_SHEET(), row=3))
    kept = problems.groups()[0].stored()
    with translation.override("fr"):
        assert Group.read(kept).message == str(TableText.NO_SHEET()) != "The workbook has no sheet."


def test_the_error_of_a_form_keeps_its_sentence() -> None:
    with pytest.raises(Exception, match="not a date") as caught:
        day("soon")
    assert sentences_of(caught.value) == [TableText.NO_DATE(value="soon")]


def test_no_code_stands_for_two_texts() -> None:
    codes = [text.value for app in ProblemText.__subclasses__() for text in app]
    assert len(codes) == len(set(codes)) > 60
