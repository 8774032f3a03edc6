"""The law beside questions: by country and day, from a file, also for a questionnaire in use."""

from datetime import date
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.models import LegalReference, Question, Tool
from assessments.questionnaires.legal import COLUMNS, law_of, put_references, read_references, references_of
from assessments.questionnaires.tables import ToolRefused
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db
HEADER = ",".join(COLUMNS) + "\n"
FIRST = "1010,KH,2020-01-01,,Labour Law 1997 Art. 137\n"
NEXT = "1010,KH,2025-07-01,,Prakas 203 Art. 4\n"
LONG = FIRST.replace(",,", ",2026-01-01,")


def put(world: World, *rows: str, persona: str = "programme_manager", tool: Tool | None = None) -> int:
    found = tool or world.tool
    read = read_references(found, [world.cambodia, world.vietnam], BytesIO((HEADER + "".join(rows)).encode()))
    return put_references(by=world.person(persona), tool=found, references=read)


def law(world: World, day: date) -> str:
    question = Question.objects.get(tool=world.tool, ext_id="1010")
    return law_of(world.tool, world.cambodia.pk, day).get(question.pk, "")


def test_an_assessment_has_the_law_of_its_day(world: World):
    assert put(world, FIRST, NEXT) == 2
    assert law(world, date(2019, 12, 31)) == ""
    assert law(world, date(2025, 6, 30)) == "Labour Law 1997 Art. 137"
    assert law(world, date(2025, 7, 1)) == "Prakas 203 Art. 4"


def test_a_later_file_ends_the_law_before_it(world: World):
    put(world, FIRST)
    put(world, NEXT)
    assert list(LegalReference.objects.values_list("valid_from", "valid_until")) == [
        (date(2020, 1, 1), date(2025, 6, 30)),
        (date(2025, 7, 1), None),
    ]
    assert Event.objects.filter(kind="questionnaire.law_recorded").count() == 2


def test_the_same_first_day_replaces_the_text(world: World):
    put(world, FIRST)
    put(world, FIRST.replace("137", "139"))
    assert law(world, date(2026, 1, 1)) == "Labour Law 1997 Art. 139"


def test_the_same_file_is_taken_again_and_an_earlier_text_ends_before_a_later_one(world: World) -> None:
    put(world, NEXT)
    put(world, FIRST)
    put(world, FIRST, NEXT)
    assert list(LegalReference.objects.values_list("valid_from", "valid_until")) == [
        (date(2020, 1, 1), date(2025, 6, 30)),
        (date(2025, 7, 1), None),
    ]


@pytest.mark.parametrize(
    ("first", "second", "day"),
    [
        (NEXT, FIRST.replace(",,", ",2026-01-01,"), "2025-07-01"),
        (FIRST.replace(",,", ",2026-01-01,"), NEXT, "2020-01-01"),
    ],
)
def test_law_that_overlaps_is_refused_and_changes_nothing(world: World, first: str, second: str, day: str) -> None:
    put(world, first)
    with pytest.raises(ValidationError, match=f"Row 2 overlaps with a text that is valid from {day}"):
        put(world, second)
    assert LegalReference.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("9999,KH,2020-01-01,,Art. 1\n", "question_id"),
        ("1010,XX,2020-01-01,,Art. 1\n", "country"),
        ("1010,KH,01/13/2020,,Art. 1\n", "valid_from"),
        ("1010,KH,2020-01-01,2019-01-01,Art. 1\n", "valid_until"),
        ("1010,KH,2020-01-01,,\n", "text"),
        ("1010,KH,2020-01-01,," + "x" * 1001 + "\n", "text"),
        (NEXT, "valid_from"),
    ],
)
def test_errors_name_row_and_column(world: World, row, column):
    with pytest.raises(ToolRefused) as refused:
        put(world, NEXT, row)
    assert [(problem.row, problem.column) for problem in refused.value.problems] == [(3, column)]


def test_staff_of_one_country_do_not_write_another_countrys_law(world: World):
    shared = Tool.objects.get(name="CAF 1.7")
    with pytest.raises(PermissionDenied):
        put(world, FIRST.replace("KH", "VN"), persona="programme_manager", tool=shared)


def test_the_law_of_another_country_is_not_put_beside_a_countrys_own_questionnaire(world: World) -> None:
    with pytest.raises(PermissionDenied):
        put(world, FIRST.replace("KH", "VN"), persona="global_staff")


def test_a_countrys_staff_get_its_law_in_the_file_of_a_questionnaire_for_all(world: World, client_of) -> None:
    shared = Tool.objects.get(name="CAF 1.7")
    put(world, FIRST, FIRST.replace("KH", "VN"), persona="global_staff", tool=shared)
    page = reverse("tool_law", args=[shared.pk])
    client = client_of(world.person("programme_manager"))
    file = b"".join(client.get(f"{page}file/").streaming_content)
    assert client.post(page, {"file": SimpleUploadedFile("law.xlsx", file)}).status_code == 302
    assert LegalReference.objects.count() == 2


def test_the_page_takes_the_file_that_it_gives(world: World, client_of):
    put(world, FIRST, NEXT)
    client, page = client_of(world.person("programme_manager")), reverse("tool_law", args=[world.tool.pk])
    file = b"".join(client.get(reverse("tool_law_file", args=[world.tool.pk])).streaming_content)
    before = list(references_of(world.tool))
    answer = client.post(page, {"file": SimpleUploadedFile("law.xlsx", file)})
    assert (answer.status_code, list(references_of(world.tool))) == (302, before)
    assert "Prakas 203 Art. 4" in client.get(page).text
    bad = client.post(page, {"file": SimpleUploadedFile("law.csv", (HEADER + FIRST.replace("1010", "9999")).encode())})
    assert bad.status_code == 400
    assert "This question is not in the questionnaire." in bad.text
