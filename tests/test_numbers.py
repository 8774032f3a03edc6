"""The numbers of docs/numbers.md are those of the code: limits, deadlines, delays and thresholds, in both directions.

A number of the code is a constant at the top of a module, an environment variable with a number as its default, a
setting of a country, or a task of beat.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import PositiveSmallIntegerField

from factories.models import CountryProgramme

ROOT = Path(__file__).resolve().parent.parent
BOOK = (ROOT / "docs" / "numbers.md").read_text()
APPS = ("portal", "factories", "brands", "sharing", "assessments")
SETTINGS = "portal/settings.py"
Number = int | float | Decimal | timedelta | date

# Constants that limit, delay and decide nothing.
NO_LIMITS = {
    "ONE_ADDRESS", "ONE_IMPORT_AT_A_TIME", "ONE_SEALER", "ONLY", "PHOTO_TURN", "ROOM", "TURNS",  # keys of locks
    "WAITING",
    "BOTTOM", "GAP", "GRID", "HEIGHT", "LEFT", "QUIET", "RIGHT", "TOP", "WEEK_WIDTH", "WIDTH",  # of drawings
    "BUSY", "REFUSED", "STALE",  # statuses of HTTP
    "JUST_BEFORE", "SHORTEST",  # the precision of the database's clock
    "VERSION",  # of a format
    "KNOWN_VERSIONS",
}  # fmt: skip
UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
SIZES = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024}


def section(title: str) -> list[list[str]]:
    """Return the cells of each row of the tables under a heading and the headings below it."""
    level, text = next(
        (match.group(1), match.group(2))
        for match in re.finditer(r"^(#+) [^\n]*\n(.*?)(?=^#|\Z)", BOOK, re.DOTALL | re.MULTILINE)
        if match.group(0).startswith(f"{match.group(1)} {title}\n")
    )
    if level == "##":
        text = BOOK.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = [row.strip("|").split("|") for row in text.splitlines() if row.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows if row[0].strip() not in {"name", "number"}]


def duration(value: timedelta) -> str:
    """Return a duration in the largest unit that divides it, such as "90 seconds"."""
    seconds = value.total_seconds()
    unit, length = next((unit, length) for unit, length in UNITS.items() if seconds % length == 0)
    number = int(seconds // length)
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def wordings(value: Any) -> list[str]:
    """Return how the book may write a value: also durations in seconds, larger units of bytes, no comma."""
    match value:
        case tuple() | list():
            return [", ".join(wordings(one)[0] for one in value)]
        case timedelta():
            return [duration(value), f"{value.total_seconds():g} seconds"]
        case date():
            return [value.isoformat()]
        case float():
            return [f"{value:g}"]
        case int():
            sizes = [f"{value // size} {unit}" for unit, size in SIZES.items() if value and value % size == 0]
            return [f"{value:,}", str(value), *sizes]
    return [str(value)]


def says(cell: str, value: Any) -> bool:
    """Return whether a cell begins with the value; a unit may follow."""
    return any(cell == words or cell.startswith(f"{words} ") for words in wordings(value))


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """Return the names in capitals that a module assigns at its top, with what is assigned to a single name."""
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            for name in names:
                if isinstance(name, ast.Name) and name.id.isupper():
                    yield name.id, node.value if target is name else None  # type: ignore[attr-defined]


def is_number(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return bool(value) and all(is_number(one) for one in value)
    return isinstance(value, Number) and not isinstance(value, bool)


def constants_of(path: Path) -> dict[str, Any]:
    """Return the numbers among the constants of a module."""
    names = [name for name, _value in assigned(ast.parse(path.read_text())) if name not in NO_LIMITS]
    if not names:
        return {}
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    return {name: value for name in names if is_number(value := getattr(module, name))}


def constants() -> dict[tuple[str, str], Any]:
    """Return each constant of the apps that is a number, by module and name."""
    found: dict[tuple[str, str], Any] = {}
    for path in sorted(path for app in APPS for path in (ROOT / app).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place != SETTINGS and not {"migrations", "demo", "formats"} & set(path.parts):
            found |= {(place, name): value for name, value in constants_of(path).items()}
    return found


def computed(expression: ast.expr | None) -> Any:
    """Return the value of an expression of numbers, whatever the environment; None for any other expression."""
    match expression:
        case ast.Constant(value=value) if is_number(value):
            return value
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            values = computed(left), computed(right)
            return None if None in values else values[0] * values[1]
        case ast.Call(
            func=ast.Name(id="timedelta"), keywords=[ast.keyword(arg=str(unit), value=ast.Constant(value=n))]
        ):
            return timedelta(**{unit: n})
        case ast.IfExp(orelse=value):  # as it is without DEBUG
            return computed(value)
    return None


def fixed_settings() -> dict[tuple[str, str], Any]:
    tree = ast.parse((ROOT / SETTINGS).read_text())
    return {(SETTINGS, name): computed(value) for name, value in assigned(tree) if computed(value) is not None}


def variables() -> dict[str, Any]:
    """Return the environment variables whose default is a number or a rate."""
    found: dict[str, Any] = {}
    for node in ast.walk(ast.parse((ROOT / SETTINGS).read_text())):
        match node:
            case ast.Call(
                func=ast.Name(id="positive") | ast.Attribute(attr="str"),
                args=[ast.Constant(value=str(name)), *_],
                keywords=[ast.keyword(arg="default", value=ast.Constant(value=int() as value))]
                | [ast.keyword(arg="default", value=ast.Constant(value=str() as value))],
            ) if isinstance(value, int) or re.fullmatch(r"\d+/\w+", value):
                found[name] = value
    return found


def country_settings() -> dict[str, tuple[int, str]]:
    """Return default and allowed range of the numbers that country staff set."""
    found = {}
    for field in CountryProgramme._meta.get_fields():
        if isinstance(field, PositiveSmallIntegerField) and field.has_default() and field.default is not None:
            least = [one.limit_value for one in field.validators if isinstance(one, MinValueValidator)]
            most = [one.limit_value for one in field.validators if isinstance(one, MaxValueValidator)]
            highest = min(most) if min(most) < 32_767 else None
            found[field.name] = (
                field.default,
                f"{max(least)} to {highest}" if highest else f"from {max(least)}",
            )
    return found


def plan_of(schedule: Any) -> str:
    if isinstance(schedule, crontab):
        (minute,) = schedule.minute
        if len(schedule.hour) == 24:
            return f"hourly at :{minute:02}"
        (hour,) = schedule.hour
        return f"daily at {hour:02}:{minute:02}"
    return f"every {duration(schedule)}"


def name_in(cell: str) -> str:
    return cell.strip("`")


def test_every_constant_of_the_code_is_in_the_book_with_its_value_and_the_book_names_no_other() -> None:
    rows = {(name_in(module), name_in(name)): value for name, value, _meaning, module in section("Fixed numbers")}
    known = constants() | fixed_settings()
    assert len(known) > 150
    assert sorted(known.keys() - rows.keys()) == []
    assert sorted(rows.keys() - known.keys()) == []
    assert {key: (rows[key], value) for key, value in known.items() if not says(rows[key], value)} == {}


def test_no_row_of_the_constants_stands_twice() -> None:
    keys = [(module, name) for name, _value, _meaning, module in section("Fixed numbers")]
    assert len(keys) == len(set(keys))


def test_every_variable_with_a_number_is_in_the_book_with_its_default() -> None:
    rows = {name_in(name): default for name, default, _meaning in section("Settings of an installation")}
    known = variables()
    assert {"REQUESTS_A_DAY", "API_RATE"} <= known.keys() == rows.keys()
    assert {name: (rows[name], value) for name, value in known.items() if not says(rows[name], value)} == {}


def test_every_number_of_a_country_is_in_the_book_with_its_default_and_range() -> None:
    rows = {name_in(name): (default, allowed) for name, default, allowed, _meaning in section("Settings of a country")}
    known = country_settings()
    assert "release_days" in known.keys() == rows.keys()
    assert {name: rows[name][1] for name in known} == {name: allowed for name, (_default, allowed) in known.items()}
    assert {name: rows[name] for name, (default, _) in known.items() if not says(rows[name][0], default)} == {}


def test_every_task_of_beat_is_in_the_book_with_its_time() -> None:
    rows = {name_in(name): when for name, when, _what in section("Regular tasks")}
    assert rows == {name: plan_of(entry["schedule"]) for name, entry in settings.CELERY_BEAT_SCHEDULE.items()}


def test_a_number_that_is_not_built_names_the_part_of_the_roadmap_and_its_rule_waits_for_it() -> None:
    rules = (ROOT / "docs" / "rules.md").read_text()
    parts = set(
        re.findall(r"^\| ([^|]+?) \|", rules.partition("\n## Roadmap\n")[2].partition("\n## ")[0], re.MULTILINE)
    )
    rows = section("Numbers that are not built yet")
    assert len(rows) > 10
    for _number, meaning, part in rows:
        assert part in parts
        for rule in re.findall(r"R\d+", meaning):
            waits = rules.partition(f"\n### {rule} ")[2].partition("\n### ")[0]
            assert part in waits.partition("Not built yet:")[2], (rule, part)


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (300, "300 requests"),
        (5_000, "5,000 rows"),
        (2000, "2000"),
        (10 * 1024**2, "10 MiB"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(hours=24), "1 day"),
        ((7, 21), "7, 21 days"),
        (date(2001, 1, 1), "2001-01-01"),
        (0.75, "0.75"),
    ],
)
def test_a_value_is_recognised_and_another_is_not(value: Any, cell: str) -> None:
    assert says(cell, value)
    assert not says(f"1{cell}", value)


def test_a_new_constant_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "a_new_module.py"
    module.write_text("MOST, LEAST = 10, 2\nLATER: int = 3\nNAME = 'ten'\nIS_ON = True\nTURNS = 7\nmost = 5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("tests.test_numbers.ROOT", tmp_path)
    assert constants_of(module) == {"MOST": 10, "LEAST": 2, "LATER": 3}
