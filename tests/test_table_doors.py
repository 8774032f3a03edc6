"""Six doors for tables, one reader: each file that once came in wrong is read right, or refused with its place."""

import zipfile
from heapq import nlargest
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from assessments.imports.services import error_rows
from assessments.models import Assessment, Tool
from assessments.questionnaires.tables import ToolRefused, read_questions
from brands.imports import import_suppliers
from brands.models import Supplier
from factories.imports import import_factories, plan_factories
from factories.models import Factory
from portal.core.models import Event
from portal.core.tables import TableError
from sharing.requests import matching
from sharing.requests.matching import Line, match_lines, pasted_lines, table_lines
from sharing.subscriptions.tables import plan_subscriptions
from tests.assessments.tables import check, load, messages, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_jobs")]
TWO_FORMS = "05-vietnamese-two-forms"
CASES = Path(__file__).with_name("data") / "tables"


def case(name):
    return (CASES / name).read_bytes()


class Doors:
    """What each door says of a file: (row, column, message) of everything it refuses."""

    def __init__(self, world):
        self.world = world

    def factories(self, content):
        return self.told(plan_factories(by=self.world.person("team_leader"), file=BytesIO(content)).problems)

    def suppliers(self, content):
        by = self.world.person("brand_a_manager")
        return self.told(import_suppliers(by=by, brand=self.world.brand_a, file=BytesIO(content)).problems)

    def subscriptions(self, content):
        return self.told(plan_subscriptions(programme=self.world.cambodia, file=BytesIO(content)).problems)

    def ask(self, content):
        try:
            table_lines(BytesIO(content))
        except TableError as error:
            return [(error.row, error.column, error.message)]
        except ValidationError as error:
            return [(None, "", text) for text in error.messages]
        return []

    def assessments(self, content):
        return messages(check(self.world.person("team_leader"), content, "table.xlsx"))

    def questionnaires(self, content):
        try:
            read_questions(BytesIO(content))
        except ToolRefused as refused:
            return self.told(refused.problems)
        return []

    @staticmethod
    def told(problems):
        return [(problem.row, problem.column, problem.message) for problem in problems]


@pytest.fixture
def doors(world):
    return Doors(world)


ALL = ("factories", "suppliers", "subscriptions", "ask", "assessments", "questionnaires")


# --- workbooks


@pytest.mark.parametrize("door", ALL)
def test_a_workbook_with_a_password_is_said_to_have_one(doors, door):
    read = getattr(doors, door)
    ((_row, _column, protected),) = read(case("01-protected-workbook/factories-with-password.xlsx"))
    assert "password" in protected
    assert "remove" in protected
    ((_row, _column, old),) = read(case("01-protected-workbook/factories-old.xls"))
    assert "old Excel file" in old
    assert "password" not in old


@pytest.mark.parametrize("door", ALL)
def test_the_sheet_that_is_shown_is_read_and_named(doors, door):
    ((row, _column, text),) = getattr(doors, door)(case("02-hidden-first-sheet/cover-first.xlsx"))
    assert row == 1
    assert "“Read me” was read" in text
    assert "Factories" in text


def test_a_hidden_sheet_is_not_read(world, client_of):
    content = case("02-hidden-first-sheet/hidden-first.xlsx")
    plan = plan_factories(by=world.person("team_leader"), file=BytesIO(content))
    assert [factory.bw_id for factory in plan.new] == ["T0201"]
    page = client_of(world.person("team_leader")).post("/factories/import/", {"file": upload(content)})
    assert "“Factories” was read" in page.content.decode()
    suppliers = case("02-hidden-first-sheet/suppliers-old-year-hidden.xlsx")
    client = client_of(world.person("brand_a_manager"))
    url = reverse("supplier_import", args=[world.brand_a.pk])
    assert "“2026” was read" in client.post(url, {"file": upload(suppliers)}, follow=True).content.decode()
    assert list(Supplier.objects.values_list("name", flat=True)) == ["Current Supplier Trial"]
    asked = client.post(reverse("ask_list", args=[world.brand_a.pk]), {"file": upload(suppliers)}).content.decode()
    assert "“2026” was read" in asked
    assert "Old Secret" not in asked


def upload(content, name="table.xlsx"):
    return SimpleUploadedFile(name, content)


# --- damaged workbooks

SHEET = "xl/worksheets/sheet1.xml"


def workbook(*, method=zipfile.ZIP_DEFLATED, declaration=""):
    """The parts of a workbook with one sheet, packed by `method`; `declaration` begins the sheet."""
    book = Workbook()
    book.active.append(["name", "bw_id"])
    for number in range(40):
        book.active.append([f"Garment {number * 7919}", f"T{number * 104729}"])
    book.save(made := BytesIO())
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(packed := BytesIO(), "w", method) as archive:
        for name in parts.namelist():
            archive.writestr(name, declaration.encode() * (name == SHEET) + parts.read(name))
    return packed.getvalue()


def with_header(content, at, value, *, part=SHEET):
    """`content` with two bytes of a part's headers changed, the one beside the part and the one in the directory."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        local = archive.getinfo(part).header_offset
    central = content.rindex(b"PK\1\2", 0, content.rindex(part.encode()))
    changed = bytearray(content)
    changed[local + at : local + at + 2] = changed[central + at + 2 : central + at + 4] = value.to_bytes(2, "little")
    return bytes(changed)


def overwritten(content, *, part=SHEET):
    """`content` with twelve bytes of a packed part overwritten."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        info = archive.getinfo(part)
    at = info.header_offset + 30 + len(part) + info.compress_size // 2
    return content[:at] + b"\xff" * 12 + content[at + 12 :]


DAMAGED = {
    "overwritten": lambda: overwritten(workbook()),
    "overwritten, lzma": lambda: overwritten(workbook(method=zipfile.ZIP_LZMA)),
    "overwritten, bzip2": lambda: overwritten(workbook(method=zipfile.ZIP_BZIP2)),
    "overwritten list of sheets": lambda: overwritten(workbook(), part="xl/workbook.xml"),
    "encrypted": lambda: with_header(workbook(), 6, 1),
    "unknown method": lambda: with_header(workbook(), 8, 99),
    "unknown encoding": lambda: workbook(declaration='<?xml version="1.0" encoding="x-foo"?>'),
}


@pytest.mark.parametrize("door", ALL)
def test_a_damaged_workbook_is_said_to_be_damaged(doors, door):
    for damage, make in DAMAGED.items():
        ((_row, _column, text),) = getattr(doors, door)(make())
        words = "not an Excel workbook that can be read" if "list of sheets" in damage else "workbook is damaged"
        assert words in text, damage


@pytest.mark.parametrize(
    ("persona", "url"),
    [
        ("team_leader", "/factories/import/"),
        ("global_staff", "/tools/import/"),
        ("brand_a_manager", "supplier_import"),
        ("brand_a_manager", "ask_list"),
        ("team_leader", "subscription_import"),
    ],
)
def test_the_page_of_each_door_refuses_a_damaged_workbook(world, client_of, persona, url):
    if not url.startswith("/"):
        url = reverse(url, args=[(world.cambodia if url == "subscription_import" else world.brand_a).pk])
    client = client_of(world.person(persona))
    for damage in ("overwritten", "encrypted", "unknown method", "unknown encoding"):
        response = client.post(
            url, {"name": "CAT 9", "kind": "CAT", "language": "en", "file": upload(DAMAGED[damage]())}
        )
        assert response.status_code == 400, damage
        assert "The workbook is damaged" in response.content.decode(), damage


# --- cells whose content is lost


@pytest.mark.parametrize("door", ["factories", "suppliers", "ask"])
def test_a_number_that_lost_its_last_digits_is_refused(doors, door):
    name = "factories" if door == "factories" else "suppliers"
    told = getattr(doors, door)(case(f"03-sixteen-digits/{name}.xlsx"))
    if door != "ask":
        places = [(2, "bw_id")] if door == "factories" else [(2, "bw_id"), (3, "bw_id")]
        assert [(row, column) for row, column, _text in told] == places
    else:
        assert ["Row 2, column bw_id" in told[0][2], "Row 3, column bw_id" in told[1][2]] == [True, True]
    assert all("Format the column as text" in text for _row, _column, text in told)
    assert not Supplier.objects.exists()


def test_what_a_spreadsheet_writes_for_long_numbers_into_csv_is_refused(doors):
    assert [place[:2] for place in doors.suppliers(b"name,bw_id\nA,1.23457E+17\nB,123456789012345678\n")] == [
        (2, "bw_id")
    ]


def test_error_values_and_formulas_without_a_result_are_no_names_and_no_empty_cells(doors):
    told = doors.factories(case("07-error-cells/factories.xlsx"))
    assert [place[:2] for place in told] == [
        (2, "name"), (2, "address"), (2, "city"), (3, "address"), (3, "workers_women"),
    ]  # fmt: skip
    assert "error value" in told[0][2]
    assert "without its result" in told[3][2]
    assert [place[:2] for place in doors.suppliers(case("07-error-cells/suppliers.xlsx"))] == [
        (2, "name"),
        (2, "address"),
    ]
    assert not Supplier.objects.exists()


def test_no_non_compliance_disappears_in_a_formula(doors):
    told = doors.assessments(case("07-error-cells/long-formulas-without-values.xlsx"))
    assert {(2, "Finding"), (3, "Finding")} <= {place[:2] for place in told}
    told = doors.assessments(case("07-error-cells/long.xlsx"))
    assert {(3, "Finding"), (4, "Finding")} <= {place[:2] for place in told}
    assert not Assessment.objects.filter(quest_id__in=["B0701", "B0702"]).exists()


def test_errors_of_formulas_are_refused_in_questionnaires_and_lists_to_ask(doors):
    told = doors.questionnaires(b"cluster,compliance_point,question_id,label,type,tags\nA,B,1,#REF!,NC,#N/A\n")
    assert [place[:2] for place in told] == [(2, "label"), (2, "tags")]
    ((_row, _column, text),) = doors.ask(b"name\n#N/A\n")
    assert text.startswith("Row 2, column name:")


# --- dates


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("two-digits", "enrolled_on", "four digits"),
        ("future", "enrolled_on", "more than a year ahead"),
        ("left-first", "enrolled_on", "four digits"),
    ],
)
def test_years_that_cannot_be_are_refused_for_factories(doors, name, column, words):
    ((row, place, text),) = doors.factories(case(f"04-two-digit-year/{name}.csv"))
    assert (row, place) == (2, column)
    assert words in text


@pytest.mark.parametrize("years", ["01/05/2024,02/05/2023", "2024-05-01,2023-05-02"])
def test_nobody_leaves_before_joining(doors, years):
    content = f"bw_id,name,country,enrolled_on,left_on\nT1,Name,KH,{years}\n".encode()
    ((row, column, text),) = doors.factories(content)
    assert (row, column) == (2, "left_on")
    assert "before the day of enrolment" in text


@pytest.mark.parametrize(("day", "words"), [("27/03/16", "four digits"), ("27/03/0016", "before 2000")])
def test_years_that_cannot_be_are_refused_for_assessments(world, doors, day, words):
    told = messages(check(world.person("team_leader"), table({"Assesment Start Date": day})))
    assert [place[:2] for place in told] == [(2, "Assesment Start Date")]
    assert words in told[0][2]
    told = doors.assessments(case("04-two-digit-year/long.csv"))
    assert {place[:2] for place in told} == {(row, "Assesment Start Date") for row in range(2, 6)}


# --- letters in two forms, signs that nobody sees


def test_one_text_in_two_forms_is_one_supplier_found_in_either_and_without_marks(world, client_of):
    by = world.person("brand_a_manager")
    first, again = (
        import_suppliers(by=by, brand=world.brand_a, file=BytesIO(case(f"{TWO_FORMS}/suppliers-{name}.csv")))
        for name in ("windows", "mac")
    )
    assert (first.added, again.added, again.skipped) == (1, 0, 1)
    client, url = client_of(by), reverse("supplier_list", args=[world.brand_a.pk])
    for words in ("Đức Thắng", "Đu\u031b\u0301c Tha\u0306\u0301ng", "duc thang", "DUC THANG", "song than"):
        assert "Kim Chỉ" in client.get(url, {"q": words}).content.decode(), words
    assert "Kim Chỉ" not in client.get(url, {"q": "duc thanh"}).content.decode()


def test_one_text_in_two_forms_changes_no_factory(world):
    by = world.person("vietnam_manager")
    first, again = (
        import_factories(by=by, file=BytesIO(case(f"{TWO_FORMS}/factories-{name}.csv"))) for name in ("mac", "windows")
    )
    assert (len(first.new), again.new, again.changes, again.unchanged) == (1, [], [], 1)
    factory = Factory.objects.get(bw_id="T0501")
    Factory.objects.filter(pk=factory.pk).update(enrolment_status="enrolled")
    for name in (factory.name, "Det May Hong Ngoc Thu", "Cong ty Co phan May Duc Thang Kim Chi"):
        (match,) = match_lines(world.person("brand_a_manager"), [Line(1, name=name)])
        assert (match.how, match.found) == ("name", [factory])
    assert matching.plain("Đức Thắng") == matching.plain("Đu\u031b\u0301c Tha\u0306\u0301ng") == "duc thang"


def test_one_text_in_two_forms_is_one_questionnaire(world):
    by = world.person("global_staff")
    for name in ("nfc", "nfd"):
        content = case(f"{TWO_FORMS}/long-{name}.csv").replace(b",20030,", b",KH-0001,")
        load(by, content, create_missing=True)
    assert Tool.objects.filter(name__startswith="B", name__endswith="V1").count() == 1
    batch = check(by, case(f"{TWO_FORMS}/long-nfd.csv").replace(b",20030,", b",KH-0001,"))
    assert (batch.plan["unchanged"], batch.plan["tools"]) == (1, [])


def test_names_are_tidied_as_the_forms_do(world):
    by = world.person("team_leader")
    content = case("22-line-break-in-name/factories.csv")
    import_factories(by=by, file=BytesIO(content))
    assert Factory.objects.get(bw_id="T2201").name == "Two Line Test Garment Unit 2"
    again = import_factories(by=by, file=BytesIO(content))
    assert (again.changes, again.unchanged) == ([], 1)
    load(by, case("22-line-break-in-name/long.csv"), create_missing=True)
    assert Factory.objects.get(bw_id="T2203").name == "Three Line Test Garment"
    batch = check(by, table({"Factory Assessed Name": "Mekong\n\u200bHeron  Apparel\u200f", "Quest ID": "7\u200b9"}))
    assert batch.plan["notes"] == []
    assert batch.plan["listed"][0]["quest_id"] == "79"
    assert not Event.objects.filter(kind="factory.updated").exists()


def test_suppliers_and_questions_are_tidied_too(world):
    by = world.person("brand_a_manager")
    content = 'name,address\n"A\nB\u202e",\u200bStreet\n"A B",Street\n'.encode()
    outcome = import_suppliers(by=by, brand=world.brand_a, file=BytesIO(content))
    assert (outcome.added, outcome.skipped) == (1, 1)
    content = 'cluster,compliance_point,question_id,label,type\nA,B,1\ufeff,"Two\nrows",NC\n'.encode()
    (question,) = read_questions(BytesIO(content))
    assert (question.ext_id, question.label) == ("1", "Two rows")


# --- pasted lists


def test_a_pasted_cell_with_a_line_break_stays_one_row():
    text = case("09-pasted-line-break/pasted.txt").decode()
    for pasted in (text, text.partition("\n")[2], text.replace("\n", "\r\n")):
        names = [line.name for line in pasted_lines(pasted).lines]
        assert names == ["Tonle Lantern Garment Co., Ltd.", "Phkay Needle Apparel Co., Ltd."]


def test_quotes_that_hold_no_cell_are_letters():
    pasted = '"Sunrise" Garment\n5" Needle\n"Never closed\nNext\n"He said ""yes"""\tKH\n\n'
    assert [line.name for line in pasted_lines(pasted).lines] == [
        '"Sunrise" Garment', '5" Needle', '"Never closed', "Next", 'He said "yes"',
    ]  # fmt: skip


# --- how many errors


def test_errors_are_counted_exactly_and_told_by_kind(world, client_of):
    rows = [
        {"Question ID": f"{number % 7}", "Question type": "NC?", "Q Label": f"label {number}"}
        for number in range(1_200)
    ]
    batch = check(world.person("team_leader"), table(*rows, {"Cycle": "x"}))
    assert batch.plan["problems"] == 1_201
    first = batch.plan["groups"][0]
    assert (first["value"], first["count"], first["rows"]) == ("NC?", 1_200, [2, 3, 4, 5, 6])
    assert len(error_rows(batch)) == 101
    page = client_of(world.person("team_leader")).get(reverse("import_batch", args=[batch.pk])).content.decode()
    assert "1201 errors" in page
    again = check(world.person("team_leader"), table(*rows, {"Cycle": "x"}))
    assert again.plan["groups"] == batch.plan["groups"]


def test_the_same_cells_are_counted_in_each_row(world):
    batch = check(world.person("team_leader"), table(*[{"Question type": "NC?", "Cycle": "x"}] * 300))
    assert [(group["column"], group["count"]) for group in batch.plan["groups"]] == [
        ("Cycle", 300),
        ("Question type", 300),
    ]


def test_contradicting_rows_are_counted_to_the_last(world, monkeypatch):
    monkeypatch.setattr("assessments.imports.compare.MOST_CONFLICTS", 3)
    batch = check(world.person("team_leader"), table({}, *[{"Finding": "0"}] * 9))
    assert batch.plan["problems"] == 9


def test_many_wrong_texts_of_a_column_share_a_group(doors):
    content = "name,lat\n" + "".join(f"A,north {number}\n" for number in range(500))
    by = doors.world.person("brand_a_manager")
    problems = import_suppliers(by=by, brand=doors.world.brand_a, file=BytesIO(content.encode())).problems
    groups = problems.groups()
    assert (problems.total, len(groups), groups[0].is_mixed, groups[0].count) == (500, 21, True, 480)


# --- limits


@pytest.mark.parametrize(
    ("door", "persona", "url"),
    [
        ("factories", "team_leader", "/factories/import/"),
        ("questionnaires", "team_leader", "/tools/import/"),
        ("suppliers", "brand_a_manager", "supplier_import"),
        ("ask", "brand_a_manager", "ask_list"),
        ("subscriptions", "team_leader", "subscription_import"),
    ],
)
def test_each_form_has_a_limit_and_says_it(world, client_of, settings, door, persona, url):
    if not url.startswith("/"):
        url = reverse(url, args=[(world.cambodia if door == "subscriptions" else world.brand_a).pk])
    elif door == "questionnaires":
        url = reverse("tool_import")
    settings.TABLE_MAX_BYTES = {**settings.TABLE_MAX_BYTES, door: 1024**2}
    client = client_of(world.person(persona))
    assert "1 MB" in client.get(url).content.decode()
    response = client.post(url, {"file": upload(b"x" * 1_200_000)})
    assert response.status_code == 413
    assert "up to 1 MB" in response.content.decode()


@pytest.mark.parametrize("count", [160, 2_000])
def test_two_thousand_names_cost_no_more_with_more_factories(world, monkeypatch, count):
    """Each name is compared with a bounded number of others, which are found by an index."""
    compared, looked_at, extract_of_the_library = [], [], matching.process.extract

    def extract(name, names, **options):
        compared.extend(names)
        return extract_of_the_library(name, names, **options)

    def largest(most, shared, key):
        looked_at.append(len(shared))
        return nlargest(most, shared, key=key)

    monkeypatch.setattr(matching.process, "extract", extract)
    monkeypatch.setattr(matching, "nlargest", largest)
    words = ("Tonle", "Lotus", "River", "Star", "Delta", "Minh", "Long", "Viet", "Garment", "Apparel", "Textile")
    made = [
        Factory(
            pk=number + 1,
            bw_id=f"X{number}",
            name=f"{words[number % 8]} {words[number // 8 % 8]} {words[8 + number % 3]} {number // 64}",
            programme=world.cambodia,
        )
        for number in range(count)
    ]
    names = [f"{words[(number + 3) % 8]} {words[number % 7]}x {words[8 + number % 3]} Ltd" for number in range(2_000)]
    register = matching._Register(made)
    for number, name in enumerate(names):
        register.match(Line(number, name=name))
    assert 2_000 < len(compared) <= 2_000 * matching.MOST_COMPARED
    assert max(looked_at) <= 3 * matching.MOST_OF_A_WORD  # three words of each name are those of factories
    assert len(register._sharing_words("tonle lotus garment")) == matching.MOST_COMPARED
