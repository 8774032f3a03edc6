"""Messages about an uploaded table: codes with their placeholders' values, put into words when shown.

A check may run in a worker, for somebody who reads its result later and in another language. So a problem is stored as
`Sentence`s. Each app has its texts in an enum of `ProblemText`, and calls a member to make a sentence of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Union

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.countries import country_name

COUNTRY = "countries."  # with a country's code after it: its name in the reader's language
Filled = Union[str, int, "Sentence"]
Params = tuple[Filled, ...] | Mapping[str, Filled]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text's code, its placeholders' values, and the sentences after it. A code that no app knows is shown as it is.

    So are words that are no code: those of a check whose result is shown at once, and those stored before there were
    codes.
    """

    code: str
    params: Params = ()
    more: tuple["Sentence", ...] = ()

    def __str__(self) -> str:
        return " ".join([self._own_words(), *map(str, self.more)])

    def then(self, *more: "Sentence") -> "Sentence":
        """Return it with further sentences."""
        return replace(self, more=(*self.more, *more))

    def refusal(self) -> ValidationError:
        """Return the error of a form with this sentence; `sentences_of` finds the sentence in it again."""
        error = ValidationError(str(self), self.code)
        error.sentence = self  # type: ignore[attr-defined]
        return error

    def stored(self) -> dict[str, object]:
        """Return it in the form in which JSON stores it."""
        if isinstance(self.params, Mapping):
            params: object = {name: _stored(value) for name, value in self.params.items()}
        else:
            params = [_stored(value) for value in self.params]
        more = {"more": [one.stored() for one in self.more]} if self.more else {}
        return {"code": self.code, "params": params, **more}

    def _own_words(self) -> str:
        known = _text(self.code)
        if known is not None:
            return str(known.label) % self.params if self.params else str(known.label)
        is_country = self.code.startswith(COUNTRY)
        return country_name(self.code.removeprefix(COUNTRY)) if is_country else self.code


class Told:
    """Something that a sentence tells."""

    __slots__ = ()
    sentence: Sentence

    @property
    def message(self) -> str:
        """The sentence in the language of its present reader."""
        return str(self.sentence)


class ProblemText(models.TextChoices):
    """The possible faults of a table, or parts of such a sentence: `<area>.<what>`, with its words."""

    def __call__(self, *args: Filled, **named: Filled) -> Sentence:
        """Return the sentence with these values in its placeholders."""
        return Sentence(self.value, named or args)


class TableText(ProblemText):
    """The possible faults of any table."""

    EMPTY_FILE = "tables.empty_file", _("The file is empty.")
    NO_ROWS = "tables.no_rows", _("The table has no rows.")
    NO_TABLE = "tables.no_table", _("This is not a CSV or Excel file. Upload a CSV file or an Excel workbook (.xlsx).")
    MOST_ROWS = "tables.most_rows", _("A file can have at most %s rows here. Split this one.")
    MOST_COLUMNS = "tables.most_columns", _("The table has more than %s columns.")
    TWICE = "tables.twice", _("These columns (%s) appear twice. Keep one of each.")
    MISSING = "tables.missing", _("The file has these columns (%(found)s), but these are missing: %(missing)s.")
    NEARLY = "tables.nearly", _("Is “%(header)s” meant as “%(name)s”?")
    SHEET_READ = "tables.sheet_read", _("The sheet “%s” was read.")
    SHEETS_NOT_READ = "tables.sheets_not_read", _("These sheets (%s) were not read.")
    MOVE_SHEET = "tables.move_sheet", _("Move the sheet with the table to the front and save the workbook.")
    CELLS = (
        "tables.cells",
        _(
            "This row has %(cells)s cells, but the header has %(width)s. Put text that contains the separator "
            "in double quotes."
        ),
    )

    # --- single cells
    EMPTY = "tables.empty", _("This cell is empty; a value is required.")
    EMPTY_ALLOWED = "tables.empty_allowed", _("This cell is empty. Allowed: %s.")
    NOT_ALLOWED = "tables.not_allowed", _("“%(value)s” is not allowed here. Allowed: %(allowed)s.")
    LONG = "tables.long", _("The text has %(length)s characters; at most %(limit)s are allowed.")
    FORMULA = (
        "tables.formula",
        _(
            "This formula was saved without its result. Open the file in a spreadsheet and save it, or replace the "
            "formula with its value."
        ),
    )
    DIGITS = (
        "tables.digits",
        _(
            "A spreadsheet keeps 15 digits of a number, so the last ones may be lost. Format the column as text and "
            "enter the number again."
        ),
    )
    ERROR_VALUE = (
        "tables.error_value",
        _("This is the error value of a formula. Correct the formula, or enter the value itself."),
    )
    DEGREES = "tables.degrees", _("Write the coordinate in degrees, such as 11.5564.")

    # --- dates
    SHORT_YEAR = (
        "tables.short_year",
        _("“%(value)s” needs the year in four digits. Write a date as day/month/year, such as 27/03/2016."),
    )
    NO_DATE = "tables.no_date", _("“%(value)s” is not a date. Write a date as day/month/year, such as 27/03/2016.")
    NO_DAY = "tables.no_day", _("“%s” is not a day in the calendar. Write dates as dd/mm/yyyy, such as 27/03/2016.")
    MONTH_FIRST = (
        "tables.month_first",
        _("“%(value)s”: there is no month %(month)s. Dates are dd/mm/yyyy. Is the file in month/day/year order?"),
    )
    NOT_PAST = (
        "tables.not_past",
        _("“%s” is before 2000 or in the future. Write dates as dd/mm/yyyy, such as 27/03/2016."),
    )
    IMPLAUSIBLE = "tables.implausible", _("%(day)s is before 2000 or more than a year ahead. Check the year.")

    # --- files that cannot be read to their end
    PASSWORD = (
        "tables.password",
        _(
            "This workbook is protected with a password. Open it in a spreadsheet, remove the password (File, "
            "Info, Protect Workbook, Encrypt with Password), save it, and upload it again."
        ),
    )
    OLD_EXCEL = "tables.old_excel", _("This is an old Excel file (.xls). Save it as .xlsx or as “CSV UTF-8”.")
    UTF8_HELP = "tables.utf8_help", _("Save it as “CSV UTF-8”, or as an Excel workbook (.xlsx), and upload it again.")
    UTF32 = "tables.utf32", _("The file is UTF-32 text.")
    UTF16_UNMARKED = "tables.utf16_unmarked", _("The file looks like UTF-16 text without a byte order mark.")
    UTF16_DAMAGED = "tables.utf16_damaged", _("The file is damaged UTF-16 text.")
    NOT_UTF8 = "tables.not_utf8", _("This text is not UTF-8: “%(text)s” (byte %(byte)s).")
    NUL = "tables.nul", _("This cell contains a NUL character: the file is damaged.")
    LONG_LINE = "tables.long_line", _("The file has a line of more than %s characters.")
    QUOTE_OPEN = "tables.quote_open", _("A text in double quotes starts in this row and is never closed.")
    QUOTES = (
        "tables.quotes",
        _(
            'The double quotes in this row do not match. Write a quote inside a quoted text twice: "Sunrise '
            '""Angkor"" Apparel".'
        ),
    )
    ENTITIES = (
        "tables.entities",
        _("The workbook contains XML entities and was refused. Save the table as “CSV UTF-8”."),
    )
    NO_WORKBOOK = "tables.no_workbook", _("This is not an Excel workbook that can be read.")
    DAMAGED = "tables.damaged", _("The workbook is damaged after this row.")
    EMPTY_ROWS = "tables.empty_rows", _("More than %s consecutive rows are empty. Delete them and save the file again.")
    BEYOND_EXCEL = "tables.beyond_excel", _("The sheet has more rows than Excel allows.")
    NO_SHEET = "tables.no_sheet", _("The workbook has no sheet.")
    HIDDEN = (
        "tables.hidden",
        _("All sheets of the workbook are hidden. Unhide the one with the table and save the workbook."),
    )
    BOMB = "tables.bomb", _("The workbook unpacks to %s MB, which is too large. Save the table as “CSV UTF-8”.")


def country(code: str) -> Sentence:
    """Return the name of a country, to be filled into a sentence."""
    return Sentence(COUNTRY + code)


def not_allowed(value: str, allowed: Filled) -> Sentence:
    """Return the sentence about a text that is none of those allowed."""
    if not value:
        return TableText.EMPTY_ALLOWED(allowed)
    return TableText.NOT_ALLOWED(value=value[:60], allowed=allowed)


def sentences_of(error: ValidationError) -> list[Sentence]:
    """Return what an error of a form says: the sentence that it was made of, or its words."""
    return [getattr(one, "sentence", Sentence(" ".join(one.messages))) for one in error.error_list]


def read_sentence(stored: Mapping[str, Any]) -> Sentence:
    """Return the sentence from its form in JSON."""
    params = stored["params"]
    filled: Params = (
        {name: _read(value) for name, value in params.items()}
        if isinstance(params, dict)
        else tuple(_read(value) for value in params)
    )
    return Sentence(stored["code"], filled, tuple(read_sentence(one) for one in stored.get("more", ())))


def _stored(value: Filled) -> object:
    return value.stored() if isinstance(value, Sentence) else value


def _read(value: Any) -> Filled:
    return read_sentence(value) if isinstance(value, dict) else value


@lru_cache(maxsize=1000)
def _text(code: str) -> ProblemText | None:
    known = {text.value: text for app in ProblemText.__subclasses__() for text in app}
    return known.get(code)
