"""From the bytes of an uploaded workbook (XLSX) to numbered rows of text: the first sheet, streamed."""

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
import openpyxl.reader.excel
from defusedxml import DefusedXmlException
from django.utils.translation import gettext as _
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from portal.core.table_sources import MAX_COLUMNS, TableError

MAX_SHEET_ROWS = 1_048_576
MAX_EMPTY_ROWS = 5_000  # a gap of a million rows fits into a few bytes, and takes a minute to walk through
# An XLSX unpacks 5 to 20 times. Sheets are streamed; every other part (texts that cells share) is kept in memory.
MAX_ENTRIES = 1_000
MAX_UNPACKED_BYTES = 512 * 1024**2
MAX_UNPACKED_RATIO = 200
MAX_KEPT_BYTES = 64 * 1024**2


class _SheetOfUnknownSize(ReadOnlyWorksheet):
    """A sheet that is read as it comes.

    Where a file does not state a sheet's size, openpyxl walks through all of it to find out, before the first row is
    asked for: minutes for a small file made for that. Nothing here needs the size.
    """

    def _get_size(self) -> None:
        """Leave it open."""


setattr(openpyxl.reader.excel, "ReadOnlyWorksheet", _SheetOfUnknownSize)  # noqa: B010 - not in the stubs


class SheetRows:
    """The rows of an XLSX file's first sheet, as text, numbered from 1."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            _refuse_bomb(file)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except TableError:
            raise
        except DefusedXmlException as error:
            raise TableError(_("The workbook holds XML entities: it is refused.")) from error
        except (zipfile.BadZipFile, ParseError, KeyError, ValueError, OSError, IndexError, AttributeError) as error:
            raise TableError(_("This is not an Excel workbook that can be read.")) from error
        if not book.worksheets:
            raise TableError(_("The workbook has no sheet."))
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        self._rows = self._read(sheet)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self._rows

    def position(self) -> int:
        """Bytes of the archive read so far, about."""
        return 0 if self._file.closed else self._file.tell()

    def _read(self, sheet: Any) -> Iterator[tuple[int, list[str]]]:
        number = empty = 0
        try:
            for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), start=1):
                if number > MAX_SHEET_ROWS:
                    raise TableError(_("The sheet has more rows than Excel allows."), row=number)
                texts = _texts(cells)
                empty = 0 if texts else empty + 1
                if empty > MAX_EMPTY_ROWS:
                    raise TableError(
                        _("More than %s rows in a row are empty. Delete them, and save again.") % MAX_EMPTY_ROWS,
                        row=number,
                    )
                yield number, texts
        except DefusedXmlException as error:
            raise TableError(_("The workbook holds XML entities: it is refused.")) from error
        except (zipfile.BadZipFile, ParseError, KeyError, ValueError, OSError, IndexError) as error:
            raise TableError(_("The workbook is damaged after this row."), row=number) from error


def _refuse_bomb(file: BinaryIO) -> None:
    """Raises `TableError` for an archive that would unpack into far more than a workbook does.

    The sizes are the directory's own; `zipfile` reads no byte more than they say.
    """
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    kept = sum(entry.file_size for entry in entries if "/worksheets/" not in entry.filename)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED_BYTES
        or unpacked > MAX_UNPACKED_RATIO * max(packed, 5_000)
        or kept > MAX_KEPT_BYTES
    ):
        raise TableError(
            _("The workbook unpacks to %s MB: too much. Save the table as “CSV UTF-8”.") % (unpacked // 1024**2)
        )


def _texts(cells: Sequence[Any]) -> list[str]:
    if cells.count(None) == len(cells):  # most rows of a sheet with gaps: a million of them take a second
        return []
    texts = [_text(cell) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _text(cell: Any) -> str:
    """A cell of a sheet as the programme writes it: whole numbers without ".0", dates as dd/mm/yyyy."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, dt.date) and not isinstance(cell, dt.datetime):
        return f"{cell:%d/%m/%Y}"
    return str(cell)
