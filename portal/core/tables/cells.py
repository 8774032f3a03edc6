"""Single cells: those whose content is lost, coordinates, and the errors that end a reading.

A spreadsheet loses content in three ways without notice: it keeps 15 digits of a number, it writes error values
where a formula fails, and a program that made the file may not have computed its formulas at all. None of these is
an empty cell. A reader of sheets marks the lost content with `lost_number` and `lost_formula`; the mark begins
with NUL, which no text of a file can hold.
"""

import re
from decimal import Decimal, InvalidOperation

from portal.core.tables.texts import Sentence, TableText, Told

MAX_COLUMNS = 200
MARK = "\0"
_NUMBER, _FORMULA = f"{MARK}n", f"{MARK}f"
_ERRORS = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|UNKNOWN!|EXTERNAL!"
    r"|PYTHON!|TIMEOUT!|GETTING_DATA)|Err:\d{3}"
)
# Numbers of twelve digits and more look like this after a spreadsheet saved them as CSV.
_SCIENTIFIC = re.compile(r"-?\d(?:[.,]\d+)?E\+(?:1[1-9]|[2-9]\d|\d{3})")
SIX_PLACES = Decimal("0.000001")


class TableError(Told, Exception):
    """The error for a file, or one row of it, that cannot be read as a table. The sentence is for its uploader."""

    def __init__(self, sentence: Sentence | str, *, row: int | None = None, column: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
        self.row, self.column = row, column


def lost_number(shown: str) -> str:
    """Return the mark of a number whose last digits the spreadsheet did not keep."""
    return _NUMBER + shown


def lost_formula(formula: str) -> str:
    """Return the mark of a formula that was saved without its result."""
    return f"{_FORMULA}={formula}"


def may_be_lost(row: str) -> bool:
    """Return whether a row, all its cells in one text, must be checked for lost cells."""
    return MARK in row or "#" in row or "E+" in row or "Err:" in row


def lost(cell: str) -> tuple[str, Sentence] | None:
    """Return the text of a cell whose content is lost, with what is wrong; None for any other cell."""
    kind, text = (cell[:2], cell[2:]) if cell.startswith(MARK) else ("", cell.strip())
    if kind == _FORMULA:
        return text, TableText.FORMULA()
    if kind == _NUMBER or _SCIENTIFIC.fullmatch(text):
        return text, TableText.DIGITS()
    if _ERRORS.fullmatch(text):
        return text, TableText.ERROR_VALUE()
    return None


def degrees(text: str, most: Decimal | int = Decimal("Infinity")) -> Decimal:
    """Return a coordinate of at most so many degrees either way, to the tenth of a metre.

    Raises `ValidationError`.
    """
    try:
        found = Decimal(text).quantize(SIX_PLACES)
        if not abs(found) <= most:  # false for what is no number, too
            raise InvalidOperation
        return found
    except InvalidOperation:
        raise TableText.DEGREES().refusal() from None
