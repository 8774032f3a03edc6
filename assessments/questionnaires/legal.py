"""The law beside a question (the Law Overlay): kept by country and with its days, and brought in as a file.

The file has a row for each reference: the question's id, the country, the first and the last day, and the text. A
reference of the same question, country and first day replaces the earlier one; one that begins later ends the one
before it on the day before, if that has no last day. An assessment shows the law of its first day.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import BinaryIO

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from assessments.events import AssessmentEvent
from assessments.models import LegalReference, Question, Tool
from assessments.questionnaires.rights import may_import_for
from assessments.questionnaires.tables import MOST_QUESTIONS, ToolRefused
from factories.models import CountryProgramme
from portal.accounts.models import User
from portal.core.events import record
from portal.core.tables import Problems, Table, TableError, day
from portal.core.tables.texts import TableText

COLUMNS = ("question_id", "country", "valid_from", "valid_until", "text")
MOST_TEXT = 1_000  # characters
MOST_REFERENCES = 20 * MOST_QUESTIONS


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference of a file, its question and country looked up."""

    row: int
    question: int
    programme: int
    text: str
    valid_from: date
    valid_until: date | None

    @property
    def place(self) -> tuple[int, int]:
        """The question and the country, of which one reference holds on any day."""
        return self.question, self.programme


def law_of(tool: Tool, programme: int, on: date) -> dict[int, str]:
    """Return the law of a country on a day, by the key of the question."""
    there = LegalReference.objects.filter(question__tool=tool, programme=programme, valid_from__lte=on)
    in_force = there.filter(Q(valid_until=None) | Q(valid_until__gte=on))
    return dict(in_force.values_list("question", "text"))


def references_of(tool: Tool, programmes: Iterable[CountryProgramme] = ()) -> Iterator[list[str]]:
    """Yield the rows of the file of a questionnaire's references, in the order of `COLUMNS`.

    `programmes`: only those of these countries, which may be uploaded again; none: all.
    """
    found = LegalReference.objects.filter(question__tool=tool)
    if countries := [programme.pk for programme in programmes]:
        found = found.filter(programme__in=countries)
    found = found.order_by("question__order", "programme__country", "valid_from")
    for ext_id, country, first, last, text in found.values_list(
        "question__ext_id", "programme__country", "valid_from", "valid_until", "text"
    ):
        yield [ext_id, country, first.isoformat(), last.isoformat() if last else "", text]


def read_references(tool: Tool, programmes: Iterable[CountryProgramme], file: BinaryIO) -> list[Reference]:
    """Read an uploaded file of references to the law of `programmes`. Raises `ToolRefused`, by row and column."""
    problems, found = Problems(), list[Reference]()
    questions = dict(Question.objects.filter(tool=tool).values_list("ext_id", "pk"))
    countries = {programme.country: programme.pk for programme in programmes}
    try:
        table = Table(file, required=COLUMNS[:3] + COLUMNS[4:], optional=COLUMNS[3:4], most_rows=MOST_REFERENCES)
        for row, cells in table.records(problems):
            if (reference := _reference(row, cells, questions, countries, problems)) is not None:
                found.append(reference)
    except TableError as error:
        problems.end_with(error)
    if not found and not problems:
        problems.add(None, "", "", _("The file has no references to the law."))
    _refuse_overlaps(found, problems)
    if problems:
        raise ToolRefused(problems)
    return found


def _reference(
    row: int, cells: dict[str, str], questions: dict[str, int], countries: dict[str, int], problems: Problems
) -> Reference | None:
    ext_id, country, text = cells["question_id"], cells["country"].upper(), cells["text"]
    before = len(problems)
    if ext_id not in questions:
        problems.add(row, "question_id", ext_id, _("This question is not in the questionnaire."), kind="unknown")
    if country not in countries:
        message = _("Write the code of a country in which you work, such as KH.")
        problems.add(row, "country", country, message, kind="country")
    if not text:
        problems.add(row, "text", "", TableText.EMPTY())
    if len(text) > MOST_TEXT:
        problems.add(row, "text", text, TableText.LONG(length=len(text), limit=MOST_TEXT))
    first, last = _day(row, "valid_from", cells, problems), None
    if cells.get("valid_until"):
        last = _day(row, "valid_until", cells, problems)
    if first and last and last < first:
        problems.add(row, "valid_until", cells["valid_until"], _("The last day is before the first day."))
    if len(problems) > before or first is None:
        return None
    return Reference(row, questions[ext_id], countries[country], text, first, last)


def _day(row: int, name: str, cells: dict[str, str], problems: Problems) -> date | None:
    try:
        return day(cells[name])
    except ValidationError as error:
        problems.add(row, name, cells[name], error.messages[0])
        return None


def _refuse_overlaps(references: list[Reference], problems: Problems) -> None:
    """Add to `problems` each reference that begins before the one before it ended, or on the same day."""
    in_order = sorted(references, key=lambda one: (one.place, one.valid_from, one.row))
    for earlier, later in pairwise(in_order):
        if earlier.place != later.place:
            continue
        if earlier.valid_from == later.valid_from or (earlier.valid_until and earlier.valid_until >= later.valid_from):
            message = _("Row %s has another text for the same question, country and days.") % earlier.row
            problems.add(later.row, "valid_from", later.valid_from.isoformat(), message, kind="overlap")


@transaction.atomic
def put_references(*, by: User, tool: Tool, references: Iterable[Reference]) -> int:
    """Put references to the law beside a questionnaire's questions, used or not; return how many.

    One that begins later ends the one before it, if that has no last day, whichever came first. Raises
    `PermissionDenied`, and `ValidationError` naming the row where one overlaps with what is already there.
    """
    by_place = defaultdict[tuple[int, int], list[Reference]](list)
    for reference in references:
        by_place[reference.place].append(reference)
    programmes = {programme for _question, programme in by_place}
    for programme in programmes:
        if tool.programme_id not in {None, programme} or not may_import_for(by, programme):
            raise PermissionDenied(_("Only the country's staff can add references to its law."))
    Tool.objects.select_for_update(no_key=True).get(pk=tool.pk)  # one file at a time
    known = defaultdict[tuple[int, int], list[LegalReference]](list)
    for row in LegalReference.objects.filter(question__tool=tool, programme__in=programmes):
        known[row.question_id, row.programme_id].append(row)
    changed = [row for place, found in by_place.items() for row in _together(known[place], found)]
    LegalReference.objects.bulk_create(
        changed,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["question", "programme", "valid_from"],
        update_fields=["text", "valid_until"],
    )
    for programme in sorted(programmes):
        count = sum(len(found) for place, found in by_place.items() if place[1] == programme)
        record(AssessmentEvent.LAW_RECORDED, by=by, programme_id=programme, subject=tool.pk, references=count)
    return sum(map(len, by_place.values()))


def _together(known: list[LegalReference], found: list[Reference]) -> list[LegalReference]:
    """Return the references of one place as they are once those `found` are among them. Raises `ValidationError`."""
    rows, numbers = {row.valid_from: row for row in known}, {one.valid_from: one.row for one in found}
    for one in found:
        rows[one.valid_from] = LegalReference(
            question_id=one.question,
            programme_id=one.programme,
            text=one.text,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
        )
    in_order = [rows[day] for day in sorted(rows)]
    for earlier, later in pairwise(in_order):
        if earlier.valid_until is None:
            earlier.valid_until = later.valid_from - timedelta(days=1)
        elif earlier.valid_until >= later.valid_from:
            row = numbers.get(later.valid_from) or numbers[earlier.valid_from]
            other = earlier if later.valid_from in numbers else later
            raise ValidationError(
                _(
                    "Row %(row)s overlaps with a text that is valid from %(day)s. Change the days of this row so that "
                    "they do not overlap."
                )
                % {"row": row, "day": other.valid_from.isoformat()}
            )
    return in_order
