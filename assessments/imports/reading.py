"""The reading of the file in one pass: what repeats is read once, each row becomes two numbers and a finding.

Memory does not grow with the rows. It grows with the assessments and questions that a file names, which are limited.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model
from psycopg import sql

from assessments.imports import columns as c
from assessments.imports.compare import count_tags
from assessments.imports.facts import QUESTION_FIELDS, TAG_FIELDS, VISIT_FIELDS, AskedQuestion, TagSet, Variant, Visit
from assessments.imports.models import ImportQuestion, ImportRow, ImportTags, ImportVisit
from assessments.imports.texts import LongTableText
from assessments.models import Question
from assessments.reports.table import PROVENANCE_CELLS
from assessments.reports.table import QUESTIONNAIRE as REPORT_COPY
from portal.core.exports import unguard
from portal.core.names import one_line
from portal.core.tables import Group, Problem, Problems, Table, TableError
from portal.core.tables.texts import Sentence, TableText, not_allowed

ROWS_PER_COPY = 20_000
MOST_VISITS = 50_000
MOST_QUESTIONS = 50_000
MOST_TAG_SETS = 10_000
ROW_COLUMNS = ("batch_id", "row", "visit", "question", "finding", "value", "tags", "note", "source")
NC_FINDINGS = {"1": "nc", "0": "compliant", "": ""}
LAW_FINDINGS = {**NC_FINDINGS, "1": "nc_national_law"}
Report = Callable[[int, int], None]
# The number of a question (0: unreadable), what its findings mean (None: words), its type if that is neither NC nor
# FGW, and the number of its tags (0: the table has none).
_Asked = tuple[int, Mapping[str, str] | None, str, int]
NOTHING_ASKED: _Asked = (0, None, "", 0)
T = TypeVar("T")


class Reading:
    """The result of one pass: `visits` and `questions` by their keys, `problems`, and `variants` of questions."""

    def __init__(self, batch_id: UUID, table: Table, problems: Problems) -> None:
        self.batch_id, self.table, self.problems = batch_id, table, problems
        self.visits: dict[str, Visit] = {}
        self.questions: dict[tuple[str, str], AskedQuestion] = {}
        self.variants: list[Variant] = []
        self.tag_sets: dict[tuple[str, ...], TagSet] = {}
        self.rows = 0
        # Cells as they are in the file -> number of the visit (0: unreadable), or what is said of the question.
        self._seen_visits: dict[tuple[str, ...], int] = {}
        self._seen_questions: dict[tuple[str, ...], _Asked] = {}
        # (question type that is neither NC nor FGW, number of the visit) -> rows
        self._other_types: Counter[tuple[str, int]] = Counter()
        # Unreadable cells -> their problems, to count them again in each row that repeats them.
        self._wrong: dict[tuple[str, ...], list[tuple[Group, Problem]]] = {}
        self._with_several_tags: set[int] = set()
        self._sources = {"": ""}  # cells as they are in the file -> their code
        self._noted: list[tuple[Group, Problem]] = []
        self._countries: dict[str, Visit] = {}

    def stage(self, report: Report) -> None:
        """Read the table to its end into `ImportRow`; call `report` with the bytes read after each block of rows."""
        rows = self._until_error()
        while self._copy(islice(rows, ROWS_PER_COPY)):
            report(self.table.position, self.table.size)
        self._choose_tags()
        _copy_objects(ImportTags, TAG_FIELDS, self.batch_id, self.tag_sets.values())
        _copy_objects(ImportVisit, VISIT_FIELDS, self.batch_id, self.visits.values())
        _copy_objects(ImportQuestion, QUESTION_FIELDS, self.batch_id, self.questions.values())

    def _until_error(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows up to the one that ends the reading: an exception inside a COPY would lose those before it."""
        try:
            yield from self._staged()
        except TableError as error:
            self.problems.end_with(error)

    def _copy(self, rows: Iterator[tuple[object, ...]]) -> bool:
        """Append a block of rows; return whether there were any."""
        first = next(rows, None)
        if first is None:
            return False
        with connection.cursor() as cursor, cursor.copy(_copy_into(ImportRow, ROW_COLUMNS)) as copy:
            copy.set_types(["uuid", "int4", "int4", "int4", "text", "text", "int4", "text", "text"])
            copy.write_row(first)
            for row in rows:
                copy.write_row(row)
        return True

    def _staged(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows that can be read, as `ImportRow` stores them; the others become problems."""
        visit_cells, question_cells = self._getter(c.VISIT_COLUMNS), self._getter(c.QUESTION_COLUMNS)
        finding_at, batch_id = self.table.index[c.FINDING], self.batch_id
        for row, cells in self.table.rows(self.problems):
            self.rows += 1
            told = visit_cells(cells)
            visit = self._seen_visits.get(told)
            if visit is None:
                visit = self._seen_visits[told] = self._visit(row, told)
                self._keep_noted(told)
            elif not visit:
                self._repeat(row, told)
            asked = question_cells(cells)
            question = self._seen_questions.get(asked)
            if question is None:
                question = self._seen_questions[asked] = self._question(row, asked)
                self._keep_noted(asked)
            elif not question[0]:
                self._repeat(row, asked)
            number, findings, other_type, tags = question
            if other_type:
                self._other_types[other_type, visit] += 1
            text = cells[finding_at]
            if findings is None:
                value = self._words(row, c.FINDING, unguard(text))
                finding = "info" if value else ""
            else:
                value = ""
                found = findings.get(text)
                finding = self._finding(row, findings, text) if found is None else found
            if visit and number:
                yield batch_id, row, visit, number, finding, value, tags, *self._besides(row, cells)

    def _getter(self, names: tuple[str, ...]) -> Callable[[list[str]], tuple[str, ...]]:
        """Return a function from a row's cells to those of `names` that the file has."""
        return itemgetter(*(self.table.index[name] for name in names if name in self.table.index))

    def _by_name(self, names: tuple[str, ...], cells: tuple[str, ...]) -> dict[str, str]:
        """Return what such a function gave by name; the cells of a column that the file lacks are empty."""
        present = (name for name in names if name in self.table.index)
        return dict.fromkeys(names, "") | dict(zip(present, cells, strict=True))

    def _words(self, row: int, column: str, text: str) -> str:
        """Return a text of several lines as it is; empty if it has only blanks, or is too long."""
        if len(text) > c.MOST_TEXT:
            told = TableText.LONG(length=len(text), limit=c.MOST_TEXT)
            self.problems.add(row, column, text[:80] + "…", told)
            return ""
        return text if text.strip() else ""

    def _besides(self, row: int, cells: list[str]) -> tuple[str | None, str]:
        """Return the evidence in these cells (None: the table has no such column), and the source."""
        evidence_at, source_at = self.table.index.get(c.EVIDENCE), self.table.index.get(c.SOURCE)
        note = None if evidence_at is None else cells[evidence_at]
        if note:
            note = self._words(row, c.EVIDENCE, unguard(note))
        source = "" if source_at is None else self._sources.get(cells[source_at])
        return note, self._source(row, cells[source_at or 0]) if source is None else source

    def _source(self, row: int, cell: str) -> str:
        """Return the code of a cell that is not in `_sources` yet."""
        try:
            found = self._sources[cell] = c.mode(cell)
        except ValidationError as error:
            self.problems.refuse(row, c.SOURCE, cell, error)
            return ""
        return found

    def _finding(self, row: int, findings: Mapping[str, str], text: str) -> str:
        written = one_line(text)
        found = findings.get(written)
        if found is None:
            self.problems.add(row, c.FINDING, text, not_allowed(written, LongTableText.FINDINGS()))
            return ""
        return found

    def _read(self, row: int, column: str, cell: str, read: Callable[[str], T]) -> T | None:
        try:
            return read(cell)
        except ValidationError as error:
            self._noted += self.problems.refuse(row, column, cell, error)
            return None

    def _keep_noted(self, cells: tuple[str, ...]) -> None:
        """Remember what was wrong with these cells."""
        if self._noted:
            self._wrong[cells], self._noted = self._noted, []

    def _repeat(self, row: int, cells: tuple[str, ...]) -> None:
        for group, problem in self._wrong.get(cells, ()):
            self.problems.repeat(group, problem, row)

    # --- assessments

    def _visit(self, row: int, cells: tuple[str, ...]) -> int:
        """Return the number of the visit in these cells; 0 if they cannot be read."""
        self._limit(len(self._seen_visits), MOST_VISITS, row, c.QUEST_ID, LongTableText.ASSESSMENTS())
        by = self._by_name(c.VISIT_COLUMNS, cells)
        read = self._read
        country = read(row, c.COUNTRY, by[c.COUNTRY], c.country)
        bw_id = read(row, c.FACTORY_ID, by[c.FACTORY_ID], c.factory_id)
        name = read(row, c.FACTORY_NAME, by[c.FACTORY_NAME], c.factory_name)
        quest_id = read(row, c.QUEST_ID, by[c.QUEST_ID], partial(c.text, c.QUEST_ID))
        cycle = read(row, c.CYCLE, by[c.CYCLE], c.cycle)
        started = read(row, c.START_DATE, by[c.START_DATE], c.start_date)
        questionnaire = read(row, c.QUESTIONNAIRE, by[c.QUESTIONNAIRE], self._questionnaire)
        ended = read(row, c.END_DATE, by[c.END_DATE], c.end_date)
        mode = read(row, c.MODE, by[c.MODE], c.mode)
        if started and ended and ended < started:
            self._note(row, c.END_DATE, by[c.END_DATE], LongTableText.END_FIRST(_shown(started)))
        if self._noted or not (country and bw_id and name and quest_id and cycle and started and questionnaire):
            return 0
        number = len(self.visits) + 1
        visit = Visit(number, row, quest_id, country, bw_id, *name, cycle, started, questionnaire, ended, mode or "")
        visit.country_cell = one_line(unguard(by[c.COUNTRY]))
        return self._one_visit(visit)

    def _one_visit(self, visit: Visit) -> int:
        """Check that a Quest.ID is one assessment and a factory in one country; name what differs, and where."""
        first = self.visits.setdefault(visit.quest_id, visit)
        home = self._countries.setdefault(visit.bw_id, visit)
        facts = (
            (c.FACTORY_ID, "bw_id"),
            (c.CYCLE, "cycle"),
            (c.START_DATE, "start_date"),
            (c.QUESTIONNAIRE, "questionnaire"),
            (c.END_DATE, "end_date"),
            (c.MODE, "mode"),
        )
        for column, name in facts:
            here, there = getattr(visit, name), getattr(first, name)
            if here != there:
                told = LongTableText.ONE_ASSESSMENT(quest=visit.quest_id, there=_shown(there), row=first.row)
                self._note(visit.row, column, _shown(here), told)
        if visit.country != home.country:
            told = LongTableText.ONE_COUNTRY(factory=visit.bw_id, there=home.country_cell, row=home.row)
            self._note(visit.row, c.COUNTRY, visit.country_cell, told)
        first.is_obsolete = first.is_obsolete or visit.is_obsolete
        return 0 if self._noted else first.number

    def _note(self, row: int, column: str, value: str, told: Sentence) -> None:
        """Count a problem of the cells that are being read."""
        self._noted.append(self.problems.add(row, column, value, told))

    @staticmethod
    def _questionnaire(cell: str) -> str:
        name = c.text(c.QUESTIONNAIRE, cell)
        if name == REPORT_COPY:
            raise LongTableText.REPORT_COPY().refusal()
        return name

    # --- questions

    def other_types(self) -> Counter[tuple[str, str]]:
        """Return how many rows of each country (its code) have each question type besides NC and FGW."""
        countries = {visit.number: visit.country for visit in self.visits.values()}
        found: Counter[tuple[str, str]] = Counter()
        for (word, visit), rows in self._other_types.items():
            if visit:
                found[countries[visit], word] += rows
        return found

    def _question(self, row: int, cells: tuple[str, ...]) -> _Asked:
        """Return what these cells say of a question."""
        self._limit(len(self._seen_questions), MOST_QUESTIONS, row, c.QUESTION_ID, LongTableText.QUESTIONS())
        by = self._by_name(c.QUESTION_COLUMNS, cells)
        cluster, point, ext_id, label = (
            self._read(row, column, by[column], partial(c.text, column))
            for column in (c.CLUSTER, c.POINT, c.QUESTION_ID, c.LABEL)
        )
        typed = self._read(row, c.TYPE, by[c.TYPE], c.question_type)
        tags = self._read(row, c.TAGS, by[c.TAGS], c.tags)
        questionnaire = one_line(unguard(by[c.QUESTIONNAIRE]))
        if not (cluster and point and ext_id and label and typed and tags is not None and questionnaire):
            return NOTHING_ASKED
        type_, other_type = typed
        number = len(self.questions) + 1
        question = AskedQuestion(number, row, questionnaire, ext_id, cluster, point, label, type_, tags[0])
        findings = (LAW_FINDINGS if tags[1] else NC_FINDINGS) if type_ == Question.Type.NC else None
        first = self._one_question(question)
        if self._noted:
            return NOTHING_ASKED
        return first.number, findings, other_type, self._tags(row, first, tags[0])

    def _tags(self, row: int, question: AskedQuestion, tags: tuple[str, ...]) -> int:
        """Return the number of these tags of a row; 0 if the table has no such column."""
        if c.TAGS not in self.table.index:
            return 0
        if tags not in self.tag_sets:
            self._limit(len(self.tag_sets), MOST_TAG_SETS, row, c.TAGS, LongTableText.TAG_SETS())
        if tags != question.tags:
            self._with_several_tags.add(question.number)
        return self.tag_sets.setdefault(tags, TagSet(len(self.tag_sets) + 1, row, tags)).number

    def _choose_tags(self) -> None:
        """Give each question the tags that it has in most assessments; the others are of single findings.

        Not those of its first row: an export writes the question's tags where there is no answer, so a question would
        have other tags after each round of export and import.
        """
        sets = {one.number: tuple(one.tags) for one in self.tag_sets.values()}
        questions = {one.number: one for one in self.questions.values()}
        for question, found in count_tags(self.batch_id, self._with_several_tags).items():
            # Of two that are as frequent, the first in the alphabet.
            _fewest, questions[question].tags = min((-count, sets[number]) for number, count in found.items())

    def _one_question(self, question: AskedQuestion) -> AskedQuestion:
        """Check that a question is of one type and in one place; store other wordings for the later check."""
        first = self.questions.setdefault((question.questionnaire, question.ext_id), question)
        facts = ((c.TYPE, "type"), (c.CLUSTER, "cluster"), (c.POINT, "compliance_point"))
        for column, name in facts:
            here, there = getattr(question, name), getattr(first, name)
            if here != there:
                told = LongTableText.ONE_PLACE(question=question.ext_id, there=there, row=first.row)
                self._note(question.row, column, here, told)
        if question.label != first.label:
            self.variants.append(Variant(question.row, c.LABEL, question.label, first))
        return first

    def _limit(self, found: int, most: int, row: int, column: str, what: Sentence) -> None:
        if found >= most:
            raise TableError(LongTableText.MOST_NAMED(most=most, what=what), row=row, column=column)


def _shown(value: object) -> str:
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return "" if value is None else PROVENANCE_CELLS.get(str(value), str(value))


def _copy_into(model: type[Model], names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, names))
    )


def _copy_objects(model: type[Model], names: tuple[str, ...], batch_id: UUID, objects: Iterable[object]) -> None:
    with connection.cursor() as cursor, cursor.copy(_copy_into(model, ("batch_id", *names))) as copy:
        for one in objects:
            values = (getattr(one, name) for name in names)
            copy.write_row((batch_id, *(list(value) if isinstance(value, tuple) else value for value in values)))
