"""When a question is asked: a condition over answers to earlier questions of the same questionnaire.

It is stored as it is written in the questionnaire's file:

    4001 = yes                        one test
    all: 4001 = yes; 4002 > 50        every test must hold
    any: 4001 = yes; 4061 != no       at least one must hold

A test compares the answer to a question, by its id, with a value: `=` and `!=` for all types of answers, `>` and `<`
for numbers and dates. A question that is not answered, or not asked itself, fulfils no test, `!=` included.
Questionnaires that were imported before conditions were read can have other words here, or tests of what is no earlier
question: such a question is always asked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Protocol

_TEST = re.compile(r"(?P<question>\S.*?)\s+(?P<sign>!=|=|>|<)\s+(?P<value>\S.*)")
ORDERED = frozenset({">", "<"})
WAYS_TO_WRITE = "4001 = yes | all: 4001 = yes; 4002 > 50 | any: 4001 = yes; 4061 != no"


class NoCondition(ValueError):  # noqa: N818 - what the text is
    """The text is not a condition; `part` is what could not be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class Asked(Protocol):
    """A question in its order: its id and its condition, as text."""

    @property
    def ext_id(self) -> str:
        """The id in the questionnaire."""

    @property
    def condition(self) -> str:
        """When it is asked; empty: always."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of an earlier answer with a value."""

    question: str
    sign: str
    value: str

    def holds(self, answers: Mapping[str, str]) -> bool:
        """Return whether the answer fulfils it; `answers` are those to questions that are asked, by id."""
        answer = answers.get(self.question, "")
        if not answer:
            return False
        if self.sign in ORDERED:
            return _is_ordered(answer, self.sign, self.value)
        return (answer == self.value) is (self.sign == "=")


@dataclass(frozen=True, slots=True)
class Condition:
    """Tests of which all must hold, or any one."""

    tests: tuple[Test, ...]
    needs_all: bool = True

    def holds(self, answers: Mapping[str, str]) -> bool:
        """Return whether a question with this condition is asked; `answers` are those to questions asked, by id."""
        return (all if self.needs_all else any)(test.holds(answers) for test in self.tests)

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        tests = "; ".join(f"{test.question} {test.sign} {test.value}" for test in self.tests)
        return tests if len(self.tests) == 1 else f"{'all' if self.needs_all else 'any'}: {tests}"


def parse(text: str) -> Condition:
    """Return the condition that a text writes. Raises `NoCondition`."""
    word, colon, rest = text.partition(":")
    how = word.strip().lower()
    if colon and how in {"all", "any"}:
        return Condition(tuple(map(_test, rest.split(";"))), needs_all=how == "all")
    return Condition((_test(text),))


def _test(text: str) -> Test:
    if not (match := _TEST.fullmatch(text.strip())):
        raise NoCondition(text.strip())
    return Test(match["question"], match["sign"], match["value"])


def condition_of(text: str) -> Condition | None:
    """Return the condition of a stored question; None if it is always asked."""
    try:
        return parse(text) if text else None
    except NoCondition:
        return None


def asked_ids(questions: Iterable[Asked], answers: Mapping[str, str]) -> set[str]:
    """Return the ids of the questions that are asked, given all `answers` by id; `questions` are in their order.

    An answer to a question that is not asked counts for nothing.
    """
    asked: dict[str, str] = {}
    found, earlier = set[str](), set[str]()
    for question in questions:
        condition = condition_of(question.condition)
        if condition is None or not earlier.issuperset(questions_named(condition)) or condition.holds(asked):
            found.add(question.ext_id)
            if answer := answers.get(question.ext_id):
                asked[question.ext_id] = answer
        earlier.add(question.ext_id)
    return found


def questions_named(condition: Condition) -> Iterator[str]:
    """Yield the ids of the questions that a condition names, each once."""
    yield from dict.fromkeys(test.question for test in condition.tests)


def _is_ordered(answer: str, sign: str, value: str) -> bool:
    for kind in (Decimal, date.fromisoformat):
        try:
            left, right = kind(answer), kind(value)
        except (InvalidOperation, ValueError):
            continue
        return bool(left > right if sign == ">" else left < right)  # type: ignore[operator]
    return False
