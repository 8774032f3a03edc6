"""The file for translators: one row for each text of a questionnaire, and a column for each language by its code.

An empty cell changes nothing: what is not translated is shown in the questionnaire's own language.
"""

from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from assessments.models import Tool
from assessments.questionnaires.tables import LIMITS, MOST_QUESTIONS, ToolRefused
from assessments.questionnaires.wordings import Texts, languages_of, texts_of, wordings_of
from portal.core.tables import Problems, Table, TableError
from portal.core.tables.texts import TableText

TEXT = "text"
MOST_TEXT = LIMITS["help"]  # the longest of a questionnaire's texts


def rows_to_translate(tool: Tool) -> Iterator[list[str]]:
    """Yield the rows of the file for translators: each text with its translations, in the order of `languages_of`."""
    known, codes = wordings_of(tool), [code for code, _name in languages_of(tool)]
    for text in texts_of(tool):
        yield [text, *(known.get(code, {}).get(text, "") for code in codes)]


def read_wordings(tool: Tool, file: BinaryIO) -> Texts:
    """Read the translations in an uploaded CSV or XLSX file. Raises `ToolRefused`, by row and column."""
    problems, found = Problems(), {code: {} for code, _name in languages_of(tool)}  # type: Problems, Texts
    texts, seen = set(texts_of(tool)), dict[str, int]()
    try:
        table = Table(file, required=(TEXT,), optional=tuple(found), most_rows=2 * MOST_QUESTIONS)
        for row, cells in table.records(problems):
            text = cells[TEXT]
            if text not in texts:
                problems.add(row, TEXT, text, _("This text is not in the questionnaire."), kind="unknown")
            elif seen.setdefault(text, row) != row:
                problems.add(row, TEXT, text, _("This text appears twice."), kind="repeated")
            _take(row, text, cells, found, problems)
    except TableError as error:
        problems.end_with(error)
    if not problems and not any(found.values()):
        problems.add(None, "", "", _("The file has no translations."))
    if problems:
        raise ToolRefused(problems)
    return found


def _take(row: int, text: str, cells: dict[str, str], found: Texts, problems: Problems) -> None:
    for language, words in found.items():
        if translation := cells.get(language, ""):
            words[text] = translation
        if len(translation) > MOST_TEXT:
            message = TableText.LONG(length=len(translation), limit=MOST_TEXT)
            problems.add(row, language, translation, message)
