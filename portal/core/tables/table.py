"""The one reader of uploaded tables, CSV or XLSX: one row at a time, in bounded memory, and never mangled.

CSV: comma, semicolon or tab, found from the header; UTF-8 with or without a byte order mark, UTF-16 with one.
Anything else is refused with the row and column at which it stops being text: a guess would turn names of people
and places into rubbish. XLSX: the first visible sheet, after a check of the archive's directory, so that a small
file cannot unpack into a huge one; `Table.read_from` says which sheet that was.

Columns are found by name: case, spaces, dots and underscores make no difference ("Factory Assessed ID" is
"factory.assessed_id"). Columns nobody asked for are ignored, and named in `Table.ignored`; one that is nearly the
name of an optional column which the file lacks ("Tag" for "Tags") is in `Table.nearly` with that name. Rows are
numbered as a spreadsheet shows them: the header is row 1.

Text is in one form (NFC). A cell whose content is lost (`cells`) is a problem with its row and column, and its row
is left out.
"""

import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import BinaryIO

from portal.core.names import one_line
from portal.core.tables.cells import MAX_COLUMNS, TableError, lost, may_be_lost
from portal.core.tables.problems import Problems
from portal.core.tables.sources import normalised, open_source
from portal.core.tables.texts import Sentence, TableText

MAX_CELL = 10_000  # characters
NEARLY = 0.75  # how alike two names of columns are, from 0 to 1
BETWEEN_CELLS = "\x1f"


class Table:
    """An uploaded table whose header was read. `headers` are as written; `index` gives requested columns' positions."""

    def __init__(
        self,
        file: BinaryIO,
        *,
        required: Sequence[str],
        optional: Sequence[str] = (),
        aliases: Mapping[str, str] | None = None,
        refuse: Callable[[list[str]], None] = lambda _headers: None,
        most_rows: int | None = None,
    ) -> None:
        """Read the header of a seekable binary file.

        `required` and `optional` are column names in any spelling; `aliases` maps further spellings to them;
        `refuse` gets the headers as they are written and may raise a `TableError` of its own; `most_rows` limits a
        table that is read while its sender waits.
        Raises `TableError` for a file that is no table, and for missing or repeated columns, all named.
        """
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        wanted = {normalised(name): name for name in [*required, *optional]}
        wanted |= {normalised(other): name for other, name in (aliases or {}).items()}
        self._most_rows = most_rows
        self._source = open_source(file, set(wanted), most_rows)
        self.header_row, self.headers = self._read_header()
        refuse(self.headers)
        self.index = self._find_columns(required, wanted)
        known = set(self.index.values())
        self.ignored = [name for at, name in enumerate(self.headers) if at not in known and name.strip()]
        self.nearly = nearly(self.ignored, [name for name in optional if name not in self.index])

    @property
    def position(self) -> int:
        """The number of bytes read so far, for a progress bar against `size`."""
        return min(self._source.position(), self.size)

    @property
    def read_from(self) -> str:
        """The sentence on which sheet of a workbook is read, and which others are visible; empty for CSV."""
        return read_from_in_words(self.sheets)

    @property
    def sheets(self) -> list[str]:
        """The name of the sheet that is read, then of other visible sheets of the workbook; none for CSV."""
        if not self._source.sheet:
            return []
        return [one_line(name) for name in (self._source.sheet, *self._source.other_sheets[:10])]

    def rows(self, problems: Problems) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not blank as (row number, cells), as many cells as there are headers.

        Rows with a cell whose content is lost are left out and added to `problems`. Raises `TableError` at the first
        row that cannot be read, and past the limit of rows.
        """
        width, count = len(self.headers), 0
        for number, cells in self._source:
            row = cells if len(cells) == width else _fitted(number, cells, width)
            together = BETWEEN_CELLS.join(row)
            if len(together) == width - 1:
                continue
            count += 1
            if self._most_rows is not None and count > self._most_rows:
                raise TableError(TableText.MOST_ROWS(self._most_rows), row=number)
            if not together.isascii() and not unicodedata.is_normalized("NFC", together):
                row = [unicodedata.normalize("NFC", cell) for cell in row]
            if not (may_be_lost(together) and self._has_lost(number, row, problems)):
                yield number, row

    def _has_lost(self, number: int, row: list[str], problems: Problems) -> bool:
        """Return whether the content of a requested cell is lost; if so, add that to `problems`."""
        found = [(name, told) for name, at in self.index.items() if (told := lost(row[at]))]
        for name, (text, sentence) in found:
            problems.add(number, name, text, sentence)
        return bool(found)

    def records(self, problems: Problems) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row as (row number, text by requested column), every text on one line as names are stored.

        Rows with an over-long text are left out and added to `problems`. Raises `TableError`.
        """
        for number, cells in self.rows(problems):
            over = [(name, cells[at]) for name, at in self.index.items() if len(cells[at]) > MAX_CELL]
            for name, text in over:
                problems.add(number, name, text, TableText.LONG(length=len(text), limit=MAX_CELL))
            if not over:
                yield number, {name: one_line(cells[at]) for name, at in self.index.items()}

    def _read_header(self) -> tuple[int, list[str]]:
        for number, cells in self._source:
            if any(cell.strip() for cell in cells):
                while cells and not cells[-1].strip():
                    cells.pop()
                if len(cells) > MAX_COLUMNS:
                    raise TableError(TableText.MOST_COLUMNS(MAX_COLUMNS), row=number)
                return number, [_header(cell) for cell in cells]
        raise TableError(TableText.EMPTY_FILE())

    def _find_columns(self, required: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
        """Return the position of each requested column; `wanted` has their names by every normalised spelling."""
        found: dict[str, int] = {}
        twice: list[str] = []
        for at, header in enumerate(self.headers):
            name = wanted.get(normalised(header))
            if name in found:
                twice.append(header)
            elif name is not None:
                found[name] = at
        if twice:
            raise TableError(TableText.TWICE(", ".join(twice)), row=self.header_row)
        if missing := [name for name in required if name not in found]:
            headers = ", ".join(self.headers)[:500]
            unknown = [header for header in self.headers if normalised(header) not in wanted]
            slips = [TableText.NEARLY(header=header, name=name) for header, name in nearly(unknown, missing)]
            raise self.without_columns(TableText.MISSING(missing=", ".join(missing), found=headers).then(*slips))
        return found

    def without_columns(self, told: Sentence) -> TableError:
        """Return the error for a table that lacks columns: what it lacks, and which sheet was read."""
        told = told.then(*_read_from(self.sheets))
        if self._source.other_sheets:
            told = told.then(TableText.MOVE_SHEET())
        return TableError(told, row=self.header_row)


def nearly(headers: Sequence[str], names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the `headers` that are nearly one of `names`, as (header, name): most likely a typing error."""
    wanted = {normalised(name): name for name in names}
    found = ((header, get_close_matches(normalised(header), wanted, n=1, cutoff=NEARLY)) for header in headers)
    return [(header, wanted[match[0]]) for header, match in found if match]


def _header(cell: str) -> str:
    told = lost(cell)
    return one_line(told[0] if told else cell)


def _fitted(number: int, cells: list[str], width: int) -> list[str]:
    """Return the row with as many cells as the header: programs leave out empty ones at the end, or add some."""
    if len(cells) < width:
        return cells + [""] * (width - len(cells))
    if any(cell.strip() for cell in cells[width:]):
        raise TableError(TableText.CELLS(cells=len(cells), width=width), row=number)
    return cells[:width]


def read_from_in_words(sheets: Sequence[str]) -> str:
    """Return the sentence for `Table.sheets`; empty where there are none."""
    return " ".join(map(str, _read_from(sheets)))


def _read_from(sheets: Sequence[str]) -> list[Sentence]:
    if not sheets:
        return []
    others = [TableText.SHEETS_NOT_READ(", ".join(sheets[1:]))] if sheets[1:] else []
    return [TableText.SHEET_READ(sheets[0]), *others]
