"""Numbered rows of text from the bytes of an uploaded file: what the file is, and CSV. XLSX is in `sheets`."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from portal.core.tables.cells import TableError
from portal.core.tables.rows import Rows
from portal.core.tables.texts import Sentence, TableText

MAX_LINE = 1_048_576  # characters between two line breaks
SAMPLE_BYTES = 65_536
DELIMITERS = ",;\t"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the part of a protected workbook that holds its content

_PICTURES_AND_ARCHIVES = (
    b"%PDF", b"{", b"<", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"Rar!",
    b"7z\xbc\xaf", b"\xfd7zXZ", b"{\\rtf",
)  # fmt: skip
_NEVER_IN_TEXT = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_IGNORED_IN_NAMES = re.compile(r"[\s._\u00a0\u200b\ufeff]+")
_LOST = re.compile("[\udc80-\udcff]")


def normalised(header: str) -> str:
    """Return the name by which a column is found: without case, spaces, dots and underscores."""
    return _IGNORED_IN_NAMES.sub("", header).casefold()


def open_source(file: BinaryIO, names: set[str], most_rows: int | None) -> Rows:
    """Return the rows of a file of either kind.

    `names` are the normalised columns by which the separator is recognised; `most_rows` is how many rows its reader
    accepts at most, where that is few. Raises `TableError` for what is neither CSV nor XLSX.
    """
    file.seek(0)
    start = file.read(SAMPLE_BYTES)
    file.seek(0)
    if start.startswith(b"PK\x03\x04"):
        from portal.core.tables.sheets import SheetRows  # openpyxl takes a fifth of a second to load

        return SheetRows(file, most_rows)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise _old_or_protected(file)
    if start.startswith(_PICTURES_AND_ARCHIVES):
        raise TableError(TableText.NO_TABLE())
    return CsvRows(file, _encoding(start), names)


def _old_or_protected(file: BinaryIO) -> TableError:
    """Distinguish a workbook with a password from an old Excel file: both are OLE, whose directory names the parts."""
    head = file.read(512)
    sector_size, directory = 1 << min(head[30], 12) if len(head) == 512 else 0, int.from_bytes(head[48:52], "little")
    file.seek((directory + 1) * sector_size)
    if ENCRYPTED in file.read(sector_size * 8):
        return TableError(TableText.PASSWORD())
    return TableError(TableText.OLD_EXCEL())


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise TableError(TableText.UTF32().then(TableText.UTF8_HELP()))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.count(0) > len(start) // 4:
        raise TableError(TableText.UTF16_UNMARKED().then(TableText.UTF8_HELP()))
    if _NEVER_IN_TEXT.search(start[:1024]) and not _is_utf8(start):
        raise TableError(TableText.NO_TABLE())
    return "utf-8-sig"


def _is_utf8(start: bytes) -> bool:
    """Return whether the bytes are UTF-8 text; the last character may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


class CsvRows(Rows):
    """The rows of a CSV file; blank lines count. It has no sheets."""

    def __init__(self, file: BinaryIO, encoding: str, names: set[str]) -> None:
        super().__init__(file, self._read())  # a generator: it begins when the rest is known
        self._encoding = encoding
        self._delimiter, self._skip = self._sniff(names)

    def _sniff(self, names: set[str]) -> tuple[str, int]:
        """Return the delimiter, and how many lines ("sep=;", as Excel writes it) precede the header."""
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(self._encoding)(errors="replace")
        sample = decoder.decode(self._file.read(SAMPLE_BYTES)).lstrip("\r\n")
        told = re.match(r'"?sep=([,;\t])"?\r?\n', sample)
        if told:
            return told[1], 1

        def score(delimiter: str) -> tuple[int, int]:
            header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), [])
            return len({normalised(cell) for cell in header} & names), len(header)

        return max(DELIMITERS, key=score), 0

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        number = 0
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self._encoding, newline="")
        try:
            rows = csv.reader(self._lines(text), delimiter=self._delimiter, strict=True)
            for number, cells in enumerate(rows, start=1):
                if number > self._skip:
                    yield number, cells
        except UnicodeDecodeError as error:
            raise self._undecodable(text) from error
        except csv.Error as error:
            raise TableError(self._malformed(str(error)), row=number + 1) from error
        finally:
            with suppress(ValueError):  # detached already, or its file is closed
                text.detach()

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        while line := text.readline(MAX_LINE):
            if "\0" in line:
                text.detach()
                row, column, _cell = self._first_cell(re.compile("\0"))
                raise TableError(TableText.NUL(), row=row, column=column)
            if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
                raise TableError(TableText.LONG_LINE(MAX_LINE))
            yield line

    @staticmethod
    def _malformed(reason: str) -> Sentence:
        if "field larger" in reason or "unexpected end" in reason:
            return TableText.QUOTE_OPEN()
        return TableText.QUOTES()

    def _undecodable(self, text: io.TextIOWrapper) -> TableError:
        """Return the error, of UTF-8 with its place: read again, undecodable text let through, up to such a cell."""
        text.detach()
        if self._encoding != "utf-8-sig":
            return TableError(TableText.UTF16_DAMAGED().then(TableText.UTF8_HELP()))
        row, column, cell = self._first_cell(_LOST)
        lost = _LOST.search(cell)
        wrong = TableText.NOT_UTF8(
            text=_LOST.sub("\ufffd", cell)[:80], byte=f"0x{ord(lost[0]) - 0xDC00:02X}" if lost else "?"
        )
        return TableError(wrong.then(TableText.UTF8_HELP()), row=row, column=column)

    def _first_cell(self, pattern: re.Pattern[str]) -> tuple[int | None, str, str]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self._encoding, errors="surrogateescape", newline="")
        lines = iter(lambda: text.readline(MAX_LINE), "")
        headers: list[str] = []
        number = 0
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=self._delimiter), start=1):
                headers = headers or cells
                for at, cell in enumerate(cells):
                    if pattern.search(cell):
                        return number, headers[at] if at < len(headers) and number > 1 else "", cell
        except csv.Error:
            return number + 1, "", ""
        finally:
            text.detach()
        return None, "", ""
