"""Questionnaires in the reader's language: the file for translators, and what readers see (F23)."""

from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from assessments.models import Assessment, Tool, Wording
from assessments.questionnaires.tables import QuestionRow, ToolRefused, import_tool
from assessments.questionnaires.translations import read_wordings, rows_to_translate
from assessments.questionnaires.wordings import put_wordings, texts_of
from assessments.reading.scopes import document_for, with_scopes
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db
CLUSTER, POINT, QUESTION = "Compensation", "Paid Leave", "Overtime exceeds the legal limit"
KHMER = {CLUSTER: "សំណង", POINT: "ការឈប់សម្រាកមានប្រាក់ឈ្នួល", QUESTION: "ម៉ោងបន្ថែមលើសកម្រិតច្បាប់"}


def file(text: str) -> BytesIO:
    return BytesIO(text.encode())


def put(world: World, texts: dict[str, str], language: str = "km", persona: str = "programme_manager") -> int:
    return put_wordings(by=world.person(persona), tool=world.tool, texts={language: texts})


def page(tool: Tool) -> str:
    return reverse("tool_translations", args=[tool.pk])


def test_the_file_has_every_text_once_and_comes_back_filled_in(world: World, client_of):
    client = client_of(world.person("programme_manager"))
    answer = client.get(reverse("tool_translations_file", args=[world.tool.pk]))
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    [sheet] = book.worksheets
    header = [cell.value for cell in sheet[1]]
    texts = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert header == ["text", "km", "vi", "bn", "id", "ar", "fr", "es"]
    assert texts == texts_of(world.tool)
    assert len(texts) == len(set(texts))
    assert {CLUSTER, POINT, QUESTION} <= set(texts)

    for row in sheet.iter_rows(min_row=2):
        row[1].value = KHMER.get(row[0].value)
    filled = BytesIO()
    book.save(filled)
    answer = client.post(page(world.tool), {"file": SimpleUploadedFile("t.xlsx", filled.getvalue())})

    assert answer.url == page(world.tool)
    assert Wording.objects.get().words == KHMER
    facts = dict(client.get(page(world.tool)).context["languages"])
    assert (facts["Khmer"], facts["Arabic"]) == (f"3 of {len(texts)}", f"0 of {len(texts)}")
    assert [QUESTION, KHMER[QUESTION], "", "", "", "", "", ""] in list(rows_to_translate(world.tool))


def test_a_second_file_adds_and_corrects_and_loses_nothing(world: World):
    put(world, KHMER)
    put(world, {POINT: "ច្បាប់ឈប់"})
    put(world, {POINT: "Nghỉ phép"}, "vi")
    put(world, {POINT: "Nghỉ phép"}, "vi")

    words = {one.language: one.words for one in Wording.objects.all()}
    assert words == {"km": {**KHMER, POINT: "ច្បាប់ឈប់"}, "vi": {POINT: "Nghỉ phép"}}
    events = Event.objects.filter(kind="questionnaire.translated").order_by("pk")
    assert [event.data["languages"] for event in events] == [["km"], ["km"], ["vi"]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("text,km\nNo such text,x\n", "This text is not in the questionnaire."),
        (f"text,km\n{POINT},x\n{POINT},y\n", "This text appears twice."),
        (f"text,km\n{POINT},{'x' * 2001}\n", "2001"),
        (f"text,km\n{POINT},\n", "The file has no translations."),
        ("text,km\n", "The file has no translations."),
        (f"km\n{POINT}\n", "text"),
    ],
)
def test_a_file_with_a_mistake_changes_nothing_and_says_where(world: World, client_of, text, said):
    with pytest.raises(ToolRefused) as refused:
        read_wordings(world.tool, file(text))
    assert said in str(refused.value)

    client = client_of(world.person("programme_manager"))
    answer = client.post(page(world.tool), {"file": SimpleUploadedFile("t.csv", text.encode())})
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Wording.objects.exists()


def test_who_translates(world: World, client_of):
    upload = {"file": SimpleUploadedFile("t.csv", f"text,km\n{POINT},x\n".encode())}
    advisor = client_of(world.person("advisor"))
    assert advisor.get(page(world.tool)).status_code == 200
    assert "<form" not in advisor.get(page(world.tool)).content.decode().split("<main")[1].split("</main")[0]
    assert advisor.post(page(world.tool), upload).status_code == 403
    assert client_of(world.person("vietnam_manager")).get(page(world.tool)).status_code == 404
    with pytest.raises(PermissionDenied):
        put(world, KHMER, persona="vietnam_manager")


def test_f23_readers_see_the_questionnaire_in_their_language(world: World, client_of):
    world.grant()
    put(world, {CLUSTER: KHMER[CLUSTER], QUESTION: KHMER[QUESTION]})
    manager = world.person("manager_a")
    manager.language = "km"
    manager.save(update_fields=["language"])

    shown = client_of(manager).get(f"/assessments/{world.assessments['a2'].pk}/").content.decode()

    assert QUESTION not in shown
    assert KHMER[QUESTION] in shown
    assert f"<h3>{KHMER[CLUSTER]}</h3>" in shown
    assert f'<h4 lang="en" dir="ltr">{POINT}</h4>' in shown  # not translated: its language is marked


def test_counts_do_not_depend_on_the_language(world: World):
    put(world, dict.fromkeys(texts_of(world.tool), "មួយ"))  # all alike: nothing is merged
    manager = world.person("manager_a")
    readable = with_scopes(Assessment.objects.visible_to(manager), manager).select_related("factory__programme")
    one = readable.get(pk=world.assessments["a2"].pk)
    facts = {"user": manager, "assessment": one, "scope": "report"}
    english, khmer = (document_for(**facts, language=code) for code in ("en", "km"))

    assert [part.points_nc for part in english.summary] == [part.points_nc for part in khmer.summary]
    assert [len(part.points) for part in english.clusters] == [len(part.points) for part in khmer.clusters]
    assert [found.ext_id for *_place, found in english.findings()] == [found.ext_id for *_, found in khmer.findings()]
    assert {found.label_language for *_place, found in khmer.findings()} == {"km"}
    assert {found.label_language for *_place, found in english.findings()} == {"en"}


def test_one_query_more_and_only_in_another_language(world: World, client_of):
    put(world, KHMER)
    manager = world.person("manager_a")
    address, counts = f"/assessments/{world.assessments['a2'].pk}/", []
    for language in ("en", "km"):
        manager.language = language
        manager.save(update_fields=["language"])
        client = client_of(manager)
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        counts.append(len(captured))
    assert counts[1] - counts[0] == 1


def test_a_questionnaire_in_use_keeps_its_texts_and_takes_translations(world: World):
    Tool.objects.filter(pk=world.tool.pk, used_at=None).update(used_at="2026-01-01T00:00Z")
    put(world, KHMER)
    assert Wording.objects.get().words == KHMER


def test_a_new_version_keeps_the_translations_of_the_texts_that_stayed(world: World):
    put(world, KHMER)
    rows = [QuestionRow("1", CLUSTER, POINT, "A new question", "NC")]
    staff = world.person("programme_manager")
    tool = import_tool(by=staff, name="Cambodia CAT V2", kind="CAT", programme=world.cambodia, rows=rows)
    assert tool.wordings.get().words == {CLUSTER: KHMER[CLUSTER], POINT: KHMER[POINT]}
