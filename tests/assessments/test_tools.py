"""The pages of questionnaire versions."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assessments.models import Tool
from tests.world import World, make_tool

pytestmark = pytest.mark.django_db
LIST, IMPORT = "/tools/", "/tools/import/"
HEADER = "cluster,compliance_point,question_id,label,type,step,reference,tags\n"
ROWS = (
    "Child Labour,Child Labourers,1,Children work here,NC,1,REF-1,Public Disclosure;Zero Tolerance\n"
    "Compensation,Paid Leave,2,Leave is unpaid,NC,,,\n"
    "Working Time,Leave,3,Days of leave,FGW,2,,\n"
)


def page(tool: Tool) -> str:
    return reverse("tool", args=[tool.pk])


def upload(content: str | bytes = HEADER + ROWS, name: str = "tool.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def sent(world: World, **changes: object) -> dict[str, object]:
    data = {
        "name": "Cambodia CAT V2",
        "kind": "CAT",
        "programme": world.cambodia.pk,
        "version": "2",
        "language": "en",
        "file": upload(),
    }
    return {**data, **changes}


@pytest.mark.parametrize("path", [LIST, IMPORT, "/tools/1/"])
def test_the_visitor_must_sign_in(world: World, client_of, path):
    assert client_of(None).get(path).status_code == 302


@pytest.mark.parametrize(
    ("persona", "seen", "imports"),
    [
        ("global_staff", 200, 200),
        ("programme_manager", 200, 200),
        ("team_leader", 200, 200),
        ("advisor", 200, 403),
        ("vietnam_manager", 404, 200),
        ("manager_a", 404, 404),
        ("member_a", 404, 404),
        ("brand_a_manager", 404, 404),
        ("brand_a_member", 404, 404),
        ("constituent", 404, 404),
        ("outsider", 404, 404),
        ("operator", 404, 404),
    ],
)
def test_who_reads_and_who_imports_questionnaires(world: World, client_of, persona, seen, imports):
    world.grant()
    client = client_of(world.person(persona))

    assert client.get(page(world.tool)).status_code == seen
    assert client.get(IMPORT).status_code == imports
    assert client.get(LIST).status_code == (404 if imports == 404 else 200)
    assert client.post(IMPORT, {}).status_code == (400 if imports == 200 else imports)


def test_staff_list_their_countrys_and_those_of_all_countries(world: World, client_of):
    make_tool("Vietnam CAT V1", world.vietnam)

    cambodia = client_of(world.person("programme_manager")).get(LIST).context["page"]
    every = client_of(world.person("global_staff")).get(LIST).context["page"]

    assert [tool.name for tool in cambodia] == ["CAF 1.7", "Cambodia CAT V1"]
    assert [tool.name for tool in every] == ["CAF 1.7", "Cambodia CAT V1", "Vietnam CAT V1"]
    assert [tool.question_count for tool in cambodia] == [8, 8]


def test_the_page_counts_questions_by_step(world: World, client_of):
    response = client_of(world.person("advisor")).get(page(world.tool))

    facts = dict(response.context["facts"])
    assert (facts["Questions"], facts["Questions of Step 1"], facts["Better Work's own questions"]) == (
        "8",
        "5",
        "1",
    )
    content = response.content.decode()
    for words in ("Child Labour", "Paid Leave", "Overtime exceeds the legal limit", "REF-1020"):
        assert words in content


def test_list_and_page_take_the_same_few_queries(world: World, client_of):
    client = client_of(world.person("programme_manager"))

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)

    before = queries(LIST)
    for number in range(5):
        make_tool(f"Tool {number}", world.cambodia)
    assert queries(LIST) == before <= 6
    assert queries(page(world.tool)) <= 7


def test_a_questionnaire_is_imported_whole(world: World, client_of):
    client = client_of(world.person("programme_manager"))

    response = client.post(IMPORT, sent(world))

    tool = Tool.objects.get(name="Cambodia CAT V2")
    assert response.url == page(tool)
    assert (tool.programme, tool.kind, tool.version) == (world.cambodia, "CAT", "2")
    assert list(tool.questions.values_list("ext_id", "step", "is_public_issue")) == [
        ("1", 1, True),
        ("2", None, False),
        ("3", 2, False),
    ]


def test_the_same_name_is_refused(world: World, client_of):
    client = client_of(world.person("programme_manager"))

    assert [client.post(IMPORT, sent(world, file=upload())).status_code for _time in range(2)] == [302, 400]
    assert client.post(IMPORT, sent(world, name="cambodia cat v1", file=upload())).status_code == 400


def test_only_global_staff_import_for_all_countries(world: World, client_of):
    manager, staff = client_of(world.person("programme_manager")), client_of(world.person("global_staff"))

    assert manager.post(IMPORT, sent(world, programme="", file=upload())).status_code == 400
    assert manager.post(IMPORT, sent(world, programme=world.vietnam.pk, file=upload())).status_code == 400
    assert Tool.objects.count() == 2
    assert staff.post(IMPORT, sent(world, programme="", file=upload())).status_code == 302
    assert Tool.objects.get(name="Cambodia CAT V2").programme is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no,such,columns\n1,2,3\n",
        (HEADER + "Child Labour,Child Labourers,1,Label,MAYBE,1,,\n").encode(),
        (HEADER + "Child Labour,Child Labourers,1,Label,NC,4,,\n").encode(),
        (HEADER + "Child Labour,Child Labourers,1,Label,NC,1,,\n" * 2).encode(),
        (HEADER + "Child Labour,,1,Label,NC,1,,\n").encode(),
        (HEADER + f"Child Labour,Child Labourers,1,{'x' * 10_000},NC,1,,\n").encode(),
        (HEADER + "Child\x00Labour,Child Labourers,1,Label,NC,1,,\n").encode(),
        (HEADER + "Child Labour,Child Labourers,1,Lab\xe9l,NC,1,,\n").encode("latin-1"),
        b"PK\x03\x04not a workbook",
        b"%PDF-1.7",
    ],
)
def test_a_file_that_is_no_questionnaire_is_refused_with_reasons(world: World, client_of, content):
    response = client_of(world.person("programme_manager")).post(IMPORT, sent(world, file=upload(content)))

    assert response.status_code == 400
    assert response.context["problems"] or response.context["form"].errors
    assert Tool.objects.count() == 2


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"name": "x" * 10_000}, {"name": "\x00"}, {"kind": "QUIZ"}, {"file": ""}]
)
def test_missing_or_bad_fields_are_refused(world: World, client_of, changes):
    response = client_of(world.person("programme_manager")).post(IMPORT, sent(world, **changes))

    assert response.status_code == 400
    assert list(response.context["form"].errors) == list(changes)
    assert Tool.objects.count() == 2


def test_questionnaires_can_be_searched_narrowed_and_ordered_whatever_their_capitals(world: World, client_of):
    own = make_tool("all countries CAT", None)
    staff = client_of(world.person("team_leader"))
    found = {
        query: [tool.name for tool in staff.get(f"{LIST}?{query}").context["page"]]
        for query in ("", "q=CAMBODIA", "kind=CAF", "country=all", "country=KH", "country=VN", "sort=recent")
    }
    assert found == {
        "": [own.name, "CAF 1.7", "Cambodia CAT V1"],
        "q=CAMBODIA": ["Cambodia CAT V1"],
        "kind=CAF": ["CAF 1.7"],
        "country=all": [own.name, "CAF 1.7"],
        "country=KH": ["Cambodia CAT V1"],
        "country=VN": [],
        "sort=recent": [own.name, "CAF 1.7", "Cambodia CAT V1"],
    }
    shown = staff.get(f"{LIST}?country=VN").content.decode()
    assert "A filter was not understood" in shown
    assert "Version 1" in staff.get(LIST).content.decode()
