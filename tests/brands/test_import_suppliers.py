"""A brand's supplier list: taken as it is written, repeated lines once."""

from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from brands.imports import import_suppliers
from brands.models import Supplier
from portal.core.models import Event

pytestmark = pytest.mark.django_db
DATA = Path(__file__).with_name("data")


def load(world, content, persona="brand_a_manager"):
    return import_suppliers(by=world.person(persona), brand=world.brand_a, file=BytesIO(content))


@pytest.mark.parametrize("name", ["facility-list-1.csv", "facility-list-2.csv"])
def test_real_lists_are_taken_as_they_are(world, name):
    content = (DATA / name).read_bytes()
    outcome = load(world, content)
    assert outcome.problems == []
    assert outcome.added == Supplier.objects.filter(brand=world.brand_a).count() > 50
    again = load(world, content)
    assert (again.added, again.skipped) == (0, outcome.added + outcome.skipped)
    assert Event.objects.filter(kind="supplier.imported", brand_id=world.brand_a.pk).count() == 1


def test_repeated_lines_are_counted(world):
    outcome = load(world, "name,address,country,remarks\nA,B,KH,x\na,b,KH,y\nA,B,VN,\nÉ,b,KH,\né,b,KH,\n".encode())
    assert (outcome.added, outcome.skipped, outcome.ignored) == (3, 2, ["remarks"])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (",street,KH,\n", "name"),
        ("x" * 301 + ",street,KH,\n", "name"),
        ("A,street,KH,north\n", "latitude"),
        ("A,street,KH,91\n", "latitude"),
        ("A,street,KH,NaN\n", "latitude"),
        ("A,street,KH,1e99999\n", "latitude"),
        ("A," + "x" * 501 + ",KH,\n", "address"),
    ],
)
def test_one_error_stops_all(world, row, column):
    outcome = load(world, f"name,address,country,lat\nB,street,KH,1.5\n{row}".encode())
    assert [(problem.row, problem.column) for problem in outcome.problems] == [(3, column)]
    assert not Supplier.objects.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "This cell is empty; a value is required."),
        ("x" * 301, "The text has 301 characters; at most 300 are allowed."),
    ],
)
def test_a_cell_is_refused_in_the_words_of_all_tables(world, name, words):
    outcome = load(world, f"name,country\n{name},KH\n".encode())
    assert [problem.message for problem in outcome.problems] == [words]


def test_other_encodings_are_refused(world):
    outcome = load(world, "name\nCafé\n".encode("cp1252"))
    assert (outcome.problems[0].row, outcome.problems[0].column) == (2, "name")


@pytest.mark.parametrize("persona", ["brand_a_member", "brand_b_manager", "global_staff", "manager_a", "outsider"])
def test_others_may_not(world, persona):
    with pytest.raises(PermissionDenied):
        load(world, b"name\nA\n", persona)
