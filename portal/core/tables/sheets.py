"""Rows of an Excel workbook: the first visible sheet, as text, one row at a time and in bounded memory.

A hidden sheet is never read: people keep old lists and lookups there, and see only what is shown.
"""

import datetime as dt
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, VALUE_TAG, WorkSheetParser

from portal.core.tables.cells import MAX_COLUMNS, TableError, lost_formula, lost_number
from portal.core.tables.rows import Rows
from portal.core.tables.texts import TableText
from portal.core.tables.workbooks import elements, read_workbook

MAX_SHEET_ROWS = 1_048_576
MAX_EMPTY_ROWS = 5_000  # a gap of a million rows fits into a few bytes
MAX_DIGITS = 15  # that a spreadsheet keeps of a number
# An XLSX unpacks 5 to 20 times. Sheets are streamed; every other part (texts that cells share) is kept in memory.
MAX_ENTRIES = 1_000
MAX_UNPACKED_BYTES = 512 * 1024**2
MAX_UNPACKED_RATIO = 200
MAX_KEPT_BYTES = 64 * 1024**2
# For a table that is read while its sender waits: unpacking one megabyte takes a tenth of a second or more.
MAX_SMALL_BYTES = 16 * 1024**2
# The errors that zipfile, its unpackers, the XML parser and openpyxl raise for a damaged or malicious file.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,  # a part that is encrypted, or packed in a way that nothing here unpacks
    ParseError,
    LookupError,  # a key or place that is missing, or an unknown encoding
    ValueError,
    TypeError,
    OSError,
    AttributeError,
    OverflowError,
)


class _Parser(WorkSheetParser):
    """A parser that reads rows as (number, texts); it keeps nothing of them."""

    def parse_row(self, row: Element) -> tuple[int, list[str]]:  # type: ignore[override] # cells as text
        """Return the row's number and its cells as text, without empty ones at the end."""
        self.row_counter = int(float(row.get("r", self.row_counter + 1)))
        self.col_counter = 0
        texts: list[str] = []
        for element in row:
            cell = self.parse_cell(element)
            if (text := cell["value"]) and cell["column"] <= MAX_COLUMNS:
                texts += [""] * (cell["column"] - len(texts))
                texts[cell["column"] - 1] = text
        return self.row_counter, texts

    def parse_cell(self, element: Element) -> dict[str, Any]:
        """Return the cell with its value as text, or with the mark of lost content."""
        cell: dict[str, object] = super().parse_cell(element)
        value = cell["value"]
        if value is None and (formula := element.find(FORMULA_TAG)) is not None:
            # A text formula may have the empty text as its result; then there is a value, and it is empty.
            has_result = element.get("t") == "str" and element.find(VALUE_TAG) is not None
            cell["value"] = "" if has_result else lost_formula(formula.text or "")
        else:
            cell["value"] = _text(value)
        return cell


class SheetRows(Rows):
    """The rows of the first visible sheet."""

    def __init__(self, file: BinaryIO, most_rows: int | None) -> None:
        self._most_empty = MAX_SHEET_ROWS if most_rows is None else most_rows + MAX_EMPTY_ROWS
        try:
            _refuse_bomb(file, MAX_UNPACKED_BYTES if most_rows is None else MAX_SMALL_BYTES)
            book = read_workbook(file)
        except DefusedXmlException as error:
            raise TableError(TableText.ENTITIES()) from error
        except UNREADABLE as error:
            raise TableError(TableText.NO_WORKBOOK()) from error
        sheet, self.other_sheets = _visible(book.worksheets)
        self.sheet = str(sheet.title)
        super().__init__(file, self._read(sheet))

    def _read(self, sheet: ReadOnlyWorksheet) -> Iterator[tuple[int, list[str]]]:
        last = 0  # the last row with content
        empty = 0
        try:
            for number, texts in _parsed(sheet):
                self._refuse_gap(last, number, empty)
                if not texts:
                    continue
                if number <= last:
                    raise ValueError("rows out of order")
                empty += number - last - 1
                last = number
                yield number, texts
        except DefusedXmlException as error:
            raise TableError(TableText.ENTITIES()) from error
        except UNREADABLE as error:
            raise TableError(TableText.DAMAGED(), row=last) from error

    def _refuse_gap(self, last: int, number: int, empty: int) -> None:
        if number - last > MAX_EMPTY_ROWS + 1 or empty > self._most_empty:
            raise TableError(TableText.EMPTY_ROWS(MAX_EMPTY_ROWS), row=min(number, last + MAX_EMPTY_ROWS + 1))
        if number > MAX_SHEET_ROWS:
            raise TableError(TableText.BEYOND_EXCEL(), row=MAX_SHEET_ROWS + 1)


def _parsed(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    book = sheet.parent
    with sheet._get_source() as source:
        parser = _Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        for _parent, row in elements(source, {"row"}):
            yield parser.parse_row(row)


def _visible(sheets: Sequence[ReadOnlyWorksheet]) -> tuple[ReadOnlyWorksheet, tuple[str, ...]]:
    """Return the first visible sheet, and the names of the other visible ones."""
    if not sheets:
        raise TableError(TableText.NO_SHEET())
    shown = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if not shown:
        raise TableError(TableText.HIDDEN())
    return shown[0], tuple(str(sheet.title) for sheet in shown[1:])


def _refuse_bomb(file: BinaryIO, most: int) -> None:
    """Refuse an archive that would unpack into far more than a workbook does. Raises `TableError`.

    The sizes are the directory's own; `zipfile` reads no byte more than stated there.
    """
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    kept = sum(entry.file_size for entry in entries if "/worksheets/" not in entry.filename)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > most
        or unpacked > MAX_UNPACKED_RATIO * max(packed, 5_000)
        or kept > min(most, MAX_KEPT_BYTES)
    ):
        raise TableError(TableText.BOMB(unpacked // 1024**2))


def _text(value: object) -> str:
    """Return a cell's value as the programme writes it: whole numbers without ".0", dates as dd/mm/yyyy."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return f"{value:%d/%m}/{value.year:04}"
    return str(value)


def _number(value: float) -> str:
    """Return a number as a spreadsheet shows it, with at most 15 digits; the mark of a lost one when it has more."""
    if abs(value) >= 10**MAX_DIGITS:
        return lost_number(str(value))
    return str(value) if isinstance(value, int) else format(Decimal(f"{value:.{MAX_DIGITS}g}"), "f")
