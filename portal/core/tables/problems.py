"""Problems of an uploaded table: every one counted, the first rows of each kind kept.

A million wrong rows become a number and a few examples, and the same file gives the same numbers each time. Problems
are of one kind when the same is said of the same text in the same column. Where a column has many wrong texts, the
first ones have a group each and the others share one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from portal.core.tables.cells import TableError
from portal.core.tables.texts import Sentence, Told, read_sentence, sentences_of

MOST_KEPT = 10_000
MOST_KEPT_OF_A_KIND = 100
MOST_ROWS_SHOWN = 5
MOST_TEXTS = 20  # groups of one sentence in one column
MOST_GROUPS = 1_000
MOST_TOLD = 50
LONGEST_COLUMN, LONGEST_VALUE = 60, 200  # characters that are kept: headers and cells may be of any length


@dataclass(frozen=True, slots=True)
class Problem(Told):
    """One problem: the row and column as a spreadsheet shows them, the text in that cell, and what to do."""

    row: int | None
    column: str
    value: str
    sentence: Sentence


@dataclass(slots=True)
class Group(Told):
    """The problems of one kind. Where `is_mixed`, `value` and `sentence` are those of the first of several texts."""

    column: str
    value: str
    sentence: Sentence
    is_mixed: bool = False
    count: int = 0
    rows: list[int] = field(default_factory=list)

    def stored(self) -> dict[str, object]:
        """Return the group in the form in which JSON stores it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"sentence": self.sentence.stored()}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Group":
        """Return the group from its form in JSON; one older than the codes has a message in its uploader's words."""
        facts = dict(stored)
        kept = facts.pop("sentence", None)
        sentence = Sentence(facts.pop("message")) if kept is None else read_sentence(kept)
        return cls(**facts, sentence=sentence)


class Problems(list[Problem]):
    """The problems of one table. The list holds the kept ones; `total` counts all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0
        self._groups: dict[tuple[str, ...], Group] = {}
        self._texts: Counter[tuple[str, str]] = Counter()

    def add(
        self, row: int | None, column: str, value: str, sentence: Sentence | str, *, kind: str = ""
    ) -> tuple[Group, Problem]:
        """Count a problem. `sentence` may be words where they are shown at once, to the uploader of the table.

        `kind` is what such words have in common. Return the problem's group and the problem, for `repeat`.
        """
        told = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
        problem = Problem(row, column[:LONGEST_COLUMN], value.replace("\0", "")[:LONGEST_VALUE], told)
        group = self._group(problem, kind or told.code)
        self.repeat(group, problem, row)
        return group, problem

    def refuse(self, row: int | None, column: str, value: str, error: ValidationError) -> list[tuple[Group, Problem]]:
        """Count what a check refused."""
        kinds = [one.code or str(one.message) for one in error.error_list]
        said = zip(sentences_of(error), kinds, strict=True)
        return [self.add(row, column, value, sentence, kind=kind) for sentence, kind in said]

    def repeat(self, group: Group, problem: Problem, row: int | None) -> None:
        """Count the problem once more, in another row."""
        self.total += 1
        group.count += 1
        if row is not None and len(group.rows) < MOST_ROWS_SHOWN:
            group.rows.append(row)
        if group.count <= MOST_KEPT_OF_A_KIND and len(self) < MOST_KEPT:
            same = row == problem.row
            self.append(problem if same else Problem(row, problem.column, problem.value, problem.sentence))

    def count_more(self, group: Group, count: int) -> None:
        """Count problems of a kind that were not examined one by one."""
        self.total += count
        group.count += count

    def end_with(self, error: TableError) -> None:
        """Count the error that ended the reading."""
        self.add(error.row, error.column, "", error.sentence)

    def groups(self) -> list[Group]:
        """Return all kinds, the most frequent first, and then by row."""
        return sorted(self._groups.values(), key=lambda group: -group.count)

    def _group(self, problem: Problem, kind: str) -> Group:
        key: tuple[str, ...] = (problem.column, problem.message, problem.value)
        if key in self._groups:
            return self._groups[key]
        self._texts[problem.column, kind] += 1
        is_mixed = self._texts[problem.column, kind] > MOST_TEXTS
        if is_mixed:
            key = (problem.column, kind)
        elif len(self._groups) >= MOST_GROUPS:
            key, is_mixed = ("",), True
        new = Group(problem.column, problem.value, problem.sentence, is_mixed)
        return self._groups.setdefault(key, new)


def as_lines(groups: Sequence[Group]) -> Iterator[str]:
    """Yield the most frequent kinds as lines for a terminal."""
    for group in groups[:MOST_TOLD]:
        where = f"row {', '.join(map(str, group.rows))}, {group.column}" if group.rows else "file"
        often = f" ({group.count} times)" if group.count > 1 else ""
        yield f"{where}: {group.message}{often}"
    if len(groups) > MOST_TOLD:
        yield f"... and {len(groups) - MOST_TOLD} other kinds of errors."
