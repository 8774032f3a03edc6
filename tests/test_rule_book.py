"""The rule book, docs/rules.md, names the rules and invariants that the code and the tests name, and no others."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "docs" / "rules.md"
RULES, INVARIANTS = 56, 8
CITED = re.compile(r"\bR([1-9][0-9]?)\b")
CITED_INVARIANT = re.compile(r"\b[Ii]nvariants?[ _]([0-9]+)")
SOURCES = ("portal", "factories", "brands", "sharing", "assessments", "devtools", "benchmarks")
WRITTEN = {".py", ".md", ".html", ".txt", ".typ", ".toml", ".js", ".css", ".csv"}
IN_A_NAME = re.compile(r"(?:^test|_)_?r([1-9][0-9]?)(?=_)")
PARTS = re.compile(r"^([^()]+?)(?: \([^()]+\))?$")


@dataclass(frozen=True)
class Rule:
    """One rule of the book: what it says, where it comes from, what enforces and tests it, what is not built yet."""

    number: int
    text: str
    sources: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    waits_for: tuple[str, ...]

    @property
    def is_built(self) -> bool:
        return bool(self.modules)


def rules_in(text: str, kind: str = "R") -> list[Rule]:
    """Return the rules of the book, or its invariants if `kind` is "Invariant "."""
    return [
        _rule(int(number), body)
        for number, body in re.findall(rf"^### {kind}(\d+) \S.*?\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
    ]


def _rule(number: int, body: str) -> Rule:
    lines = dict(re.findall(r"^- ([A-Z][a-z ]+): (.*?)(?=^- |^\n|\Z)", body, re.DOTALL | re.MULTILINE))
    waiting = " ".join(lines.get("Not built yet", "").split())
    return Rule(
        number,
        body.partition("\n- ")[0].strip(),
        lines.get("Source", "").strip(),
        tuple(re.findall(r"`([^`]+)`", lines.get("Enforced in", ""))),
        tuple(re.findall(r"`([^`]+)`", lines.get("Tests", ""))),
        tuple(PARTS.sub(r"\1", part) for part in waiting.split("; ") if part),
    )


def roadmap(text: str) -> set[str]:
    """Return the parts of the roadmap in the book."""
    table = text.partition("\n## Roadmap\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| ([^|-]+?) \|", table, re.MULTILINE)) - {"part"}


def written_files(folders: Iterable[str]) -> list[Path]:
    """Return the texts below the folders, without the book itself."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return [path for path in found if path.suffix in WRITTEN and path.is_file() and path != BOOK]


def cited(pattern: re.Pattern[str], folders: Iterable[str]) -> dict[int, set[str]]:
    """Return the numbers that the texts cite, each with the files that cite it."""
    found: dict[int, set[str]] = {}
    for path in written_files(folders):
        for number in pattern.findall(path.read_text()):
            found.setdefault(int(number), set()).add(path.relative_to(ROOT).as_posix())
    return found


def defined_tests() -> set[str]:
    """Return the names of all tests."""
    sources = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for source in sources for name in re.findall(r"^ *(?:async )?def (test_\w+)", source, re.MULTILINE)}


def numbers_in(names: Iterable[str]) -> set[int]:
    """Return the numbers of the rules that names of tests bear."""
    return {int(number) for name in names for number in IN_A_NAME.findall(name)}


@pytest.fixture(scope="module")
def book() -> str:
    return BOOK.read_text()


@pytest.fixture(scope="module")
def rules(book: str) -> list[Rule]:
    return rules_in(book)


@pytest.fixture(scope="module")
def invariants(book: str) -> list[Rule]:
    return rules_in(book, "Invariant ")


def test_the_book_has_each_rule_and_each_invariant_once_and_in_order(rules: list[Rule], invariants: list[Rule]) -> None:
    assert [rule.number for rule in rules] == list(range(1, RULES + 1))
    assert [rule.number for rule in invariants] == list(range(1, INVARIANTS + 1))


def test_every_rule_has_a_text_and_a_source_that_is_linked(rules: list[Rule], book: str) -> None:
    defined = set(re.findall(r"^\[(\w+)\]: https?://\S+$", book, re.MULTILINE))
    used = {name for rule in rules for name in re.findall(r"\]\[(\w+)\]", rule.sources)}
    assert [rule.number for rule in rules if len(rule.text) < 40 or not rule.sources] == []
    assert used == defined


def test_every_question_that_a_rule_names_is_in_the_list_of_questions(rules: list[Rule], book: str) -> None:
    table = book.partition("\n## Questions of the FAQ\n")[2]
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    named = {
        int(number)
        for rule in rules
        for questions in re.findall(r"\[FAQ\]\[faq\], questions? ([^;]+)", " ".join(rule.sources.split()))
        for number in re.findall(r"\d+", questions)
    }
    assert named == listed


def test_every_rule_that_the_code_the_tests_or_the_docs_cite_is_in_the_book(rules: list[Rule]) -> None:
    found = cited(CITED, (*SOURCES, "tests", "docs"))
    assert len(found) > 20
    assert {number: found[number] for number in found.keys() - {rule.number for rule in rules}} == {}


def test_every_invariant_that_is_cited_is_in_the_book(invariants: list[Rule]) -> None:
    found = cited(CITED_INVARIANT, (*SOURCES, "tests", "docs"))
    assert {3, 4, 5, 8} <= found.keys()
    assert {number: found[number] for number in found.keys() - {one.number for one in invariants}} == {}


def test_every_rule_and_invariant_is_built_or_says_what_it_waits_for(rules: list[Rule], book: str) -> None:
    for rule in rules:
        assert rule.is_built or rule.waits_for, rule.number
        assert bool(rule.modules) == bool(rule.tests), rule.number
        assert set(rule.waits_for) <= roadmap(book), rule.number


def test_modules_and_tests_that_the_book_names_exist(rules: list[Rule], invariants: list[Rule]) -> None:
    defined = defined_tests()
    for one in (*rules, *invariants):
        assert [module for module in one.modules if not (ROOT / module).is_file()] == [], one.number
        assert set(one.tests) <= defined, one.number


def test_every_built_rule_has_a_test_with_its_number(rules: list[Rule], invariants: list[Rule]) -> None:
    assert [rule.number for rule in rules if rule.is_built and rule.number not in numbers_in(rule.tests)] == []
    assert [one.number for one in invariants if not (one.modules and one.tests)] == []


def test_every_rule_whose_number_a_test_bears_is_built_in_the_book(rules: list[Rule]) -> None:
    numbers = numbers_in(defined_tests())
    assert {6, 7, 54} <= numbers
    assert numbers - {rule.number for rule in rules if rule.is_built} == set()


def test_the_names_of_tests_bear_one_number_or_more() -> None:
    assert numbers_in(["test_r1_r12_the_page", "test_of_r7_a", "test_hour24_is", "test_r0_none"]) == {1, 12, 7}
