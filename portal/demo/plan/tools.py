"""The demo's questionnaires: a national CAT for each country, in two versions in some, and one CAF.

The wording is in `data/`; a second version has some additional questions and gives every question another id, as
happens between real versions (docs/words.md, "The long table").
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from assessments.questionnaires.conditions import parse
from portal.demo.places import COUNTRIES

DATA = Path(__file__).resolve().parent.parent / "data"
TWO_VERSIONS = frozenset({"KH", "VN", "BD", "ID", "JO"})
# Asked from the second version on.
NEW_IN_V2 = frozenset({"2066", "6071", "7008", "7050", "7087", "7152", "8047"})


@dataclass(frozen=True)
class QuestionPlan:
    """One question. `key` is its id in the wording file, the same in all versions; `ext_id` the tool's.

    `gate` and `condition` say when it is asked: by keys, and by the ids of the tool.
    """

    key: str
    ext_id: str
    cluster: str
    compliance_point: str
    label: str
    type: str
    step: int | None
    reference: str
    tags: tuple[str, ...]
    in_vcc: bool
    gate: str
    condition: str
    answer_type: str
    options: tuple[str, ...]
    help_text: str
    is_required: bool
    needs_evidence: bool
    order: int

    @property
    def texts(self) -> tuple[str, ...]:
        """Every text of it that can be translated."""
        return tuple(filter(None, (self.cluster, self.compliance_point, self.label, self.help_text, *self.options)))

    @property
    def is_public_issue(self) -> bool:
        """True when it is publicly reported in the country."""
        return "Public Disclosure" in self.tags

    @property
    def is_zero_tolerance(self) -> bool:
        """True when it calls for the zero-tolerance procedure if not met."""
        return "Zero Tolerance" in self.tags


@dataclass(frozen=True)
class ToolPlan:
    """One version of a questionnaire; `country` is "" for the CAF."""

    name: str
    kind: str
    country: str
    version: str
    questions: tuple[QuestionPlan, ...]


def read(name: str) -> list[dict[str, str]]:
    """Return the rows of one file in `data/`."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class LawPlan:
    """What the law says about the question `key` from one day to another (None: still)."""

    key: str
    text: str
    valid_from: date
    valid_until: date | None


@cache
def law_of(country: str) -> tuple[LawPlan, ...]:
    """Return the law of one country; none where the demo has none."""
    return tuple(
        LawPlan(
            key=row["question_id"],
            text=row["text"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_until=date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
        )
        for row in read("law.csv")
        if row["country"] == country
    )


@cache
def translations() -> dict[str, dict[str, str]]:
    """Return the translations in `data/wordings/`, by language and text."""
    return {
        path.stem: {row["text"]: row["translation"] for row in read(f"wordings/{path.name}")}
        for path in sorted((DATA / "wordings").glob("*.csv"))
    }


def _question(row: dict[str, str], order: int) -> QuestionPlan:
    return QuestionPlan(
        key=row["question_id"],
        ext_id=row["question_id"],
        cluster=row["cluster"],
        compliance_point=row["compliance_point"],
        label=row["label"],
        type=row["type"],
        step=int(row["step"]) if row["step"] else None,
        reference=row["reference"],
        tags=tuple(filter(None, row["tags"].split(";"))),
        in_vcc=row["in_vcc"] == "1",
        gate=row["condition"],
        condition=row["condition"],
        answer_type=row["answer_type"],
        options=tuple(part.strip() for part in row["options"].split(";") if part),
        help_text=row["help"],
        is_required=row["required"] == "1",
        needs_evidence=row["evidence"] == "1",
        order=order,
    )


@cache
def national_rows(country: str) -> tuple[dict[str, str], ...]:
    """Return the common questions and the country's own, each beside the others of its compliance point."""
    rows = read("cat.csv")
    for extra in (row for row in read("national.csv") if row["country"] == country):
        last = max(i for i, row in enumerate(rows) if row["compliance_point"] == extra["compliance_point"])
        rows.insert(last + 1, extra)
    return tuple(rows)


def _renumbered(questions: list[QuestionPlan], first: int) -> tuple[QuestionPlan, ...]:
    ids = {question.key: str(first + 3 * i) for i, question in enumerate(questions)}
    return tuple(
        replace(
            question,
            ext_id=ids[question.key],
            condition=_renamed(question.gate, ids) if question.gate else "",
        )
        for question in questions
    )


def _renamed(gate: str, ids: dict[str, str]) -> str:
    condition = parse(gate)
    return str(replace(condition, tests=tuple(replace(test, question=ids[test.question]) for test in condition.tests)))


@cache
def tools_of(country: str) -> tuple[ToolPlan, ...]:
    """Return the versions of one country's CAT, oldest first."""
    name = next(place.name for place in COUNTRIES if place.code == country)
    newest = [_question(row, order) for order, row in enumerate(national_rows(country))]
    first = tuple(question for question in newest if question.key not in NEW_IN_V2)
    versions = [ToolPlan(f"{name} demo CAT V1", "CAT", country, "1", first)]
    if country in TWO_VERSIONS:
        versions.append(ToolPlan(f"{name} demo CAT V2", "CAT", country, "2", _renumbered(newest, 20001)))
    return tuple(versions)


def caf() -> ToolPlan:
    """Return the SLCP side's questionnaire, Steps 1 to 3."""
    questions = tuple(_question(row, order) for order, row in enumerate(read("caf.csv")))
    return ToolPlan("CAF demo 1.6", "CAF", "", "1.6", questions)


def all_tools() -> Iterator[ToolPlan]:
    """Yield every questionnaire of the demo."""
    for place in COUNTRIES:
        yield from tools_of(place.code)
    yield caf()
