"""Tables that people upload, CSV or XLSX: one row at a time, in bounded memory, and never mangled.

CSV: comma, semicolon or tab, found from the header; UTF-8 with or without a byte order mark, UTF-16 with one.
Anything else is refused with the row and column at which it stops being text: a guess would turn names of people
and places into rubbish. XLSX: the first sheet, after a look at the archive's directory, so that a small file cannot
unpack into a huge one.

Columns are found by name: case, spaces, dots and underscores make no difference ("Factory Assessed ID" is
"factory.assessed_id"). Columns nobody asked for are ignored, and named in `Table.ignored`; one that is nearly the
name of an optional column which the file lacks ("Tag" for "Tags") is in `Table.nearly` with that name. Rows are
numbered as a spreadsheet shows them: the header is row 1.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.core.table_sources import MAX_COLUMNS, TableError, normalised, open_source

__all__ = ["Problem", "Table", "TableError", "degrees"]
MAX_CELL = 10_000  # characters
NEARLY = 0.75  # how alike two names of columns are, from 0 to 1
SIX_PLACES = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: the row and column as a spreadsheet shows them, the text that stands there, and what to do."""

    row: int | None
    column: str
    value: str
    message: str


def degrees(text: str, most: Decimal | int = Decimal("Infinity")) -> Decimal:
    """A coordinate of at most so many degrees either way, to the tenth of a metre. Raises `ValidationError`."""
    try:
        found = Decimal(text).quantize(SIX_PLACES)
        if not abs(found) <= most:  # neither is what is no number
            raise InvalidOperation
        return found
    except InvalidOperation:
        raise ValidationError(_("Write the coordinate in degrees, such as 11.5564.")) from None


class Table:
    """An uploaded table whose header was read. `headers` are as written; `index` maps asked columns to positions."""

    def __init__(
        self,
        file: BinaryIO,
        *,
        required: Sequence[str],
        optional: Sequence[str] = (),
        aliases: Mapping[str, str] | None = None,
        refuse: Callable[[list[str]], None] = lambda _headers: None,
    ) -> None:
        """Read the header of a seekable binary file.

        `required` and `optional` are column names in any spelling; `aliases` maps further spellings to them;
        `refuse` gets the headers as they are written and may raise a `TableError` of its own.
        Raises `TableError` for a file that is no table, and for missing or repeated columns, all named.
        """
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        asked = [*required, *optional]
        self._source = open_source(file, {normalised(name) for name in [*asked, *(aliases or {})]})
        self.header_row, self.headers = self._read_header()
        refuse(self.headers)
        self.index = self._find_columns(required, optional, aliases or {})
        known = set(self.index.values())
        self.ignored = [name for at, name in enumerate(self.headers) if at not in known and name.strip()]
        self.nearly = nearly(self.ignored, [name for name in optional if name not in self.index])

    @property
    def position(self) -> int:
        """Bytes read so far, for a progress bar against `size`."""
        return min(self._source.position(), self.size)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row that is not blank as (row number, cells), as many cells as there are headers.

        Raises `TableError` at the first row that cannot be read.
        """
        width = len(self.headers)
        for number, cells in self._source:
            row = cells if len(cells) == width else _fitted(number, cells, width)
            if any(row):
                yield number, row

    def records(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Each row as (row number, stripped text by asked column). Raises `TableError`, also for over-long cells."""
        for number, cells in self.rows():
            record = {name: cells[at].strip() for name, at in self.index.items()}
            for name, text in record.items():
                if len(text) > MAX_CELL:
                    raise TableError(
                        _("The text has %(length)s characters; %(limit)s are allowed.")
                        % {"length": len(text), "limit": MAX_CELL},
                        row=number,
                        column=name,
                    )
            yield number, record

    def _read_header(self) -> tuple[int, list[str]]:
        for number, cells in self._source:
            if any(cell.strip() for cell in cells):
                while cells and not cells[-1].strip():
                    cells.pop()
                if len(cells) > MAX_COLUMNS:
                    raise TableError(_("The table has more than %s columns.") % MAX_COLUMNS, row=number)
                return number, [cell.strip() for cell in cells]
        raise TableError(_("The file is empty."))

    def _find_columns(
        self, required: Sequence[str], optional: Sequence[str], aliases: Mapping[str, str]
    ) -> dict[str, int]:
        wanted = {normalised(name): name for name in [*required, *optional]}
        wanted |= {normalised(other): name for other, name in aliases.items()}
        found: dict[str, int] = {}
        twice: list[str] = []
        for at, header in enumerate(self.headers):
            name = wanted.get(normalised(header))
            if name in found:
                twice.append(header)
            elif name is not None:
                found[name] = at
        if twice:
            raise TableError(_("These columns appear twice: %s.") % ", ".join(twice), row=self.header_row)
        missing = [name for name in required if name not in found]
        if missing:
            raise TableError(
                _("These columns are missing: %(missing)s. The file has: %(found)s.")
                % {"missing": ", ".join(missing), "found": ", ".join(self.headers)[:500]}
                + "".join(
                    " " + _("Is “%(header)s” meant as “%(name)s”?") % {"header": header, "name": name}
                    for header, name in nearly(self.headers, missing)
                ),
                row=self.header_row,
            )
        return found


def nearly(headers: Sequence[str], names: Sequence[str]) -> list[tuple[str, str]]:
    """The `headers` that are nearly one of `names`, as (header, name): most likely a slip of the pen."""
    wanted = {normalised(name): name for name in names}
    found = ((header, get_close_matches(normalised(header), wanted, n=1, cutoff=NEARLY)) for header in headers)
    return [(header, wanted[match[0]]) for header, match in found if match]


def _fitted(number: int, cells: list[str], width: int) -> list[str]:
    """The row with as many cells as the header: programs leave out empty ones at the end, or add some."""
    if len(cells) < width:
        return cells + [""] * (width - len(cells))
    if any(cell.strip() for cell in cells[width:]):
        raise TableError(
            _(
                "This row has %(cells)s cells, the header has %(width)s. Put a text that contains the separator "
                "between double quotes."
            )
            % {"cells": len(cells), "width": width},
            row=number,
        )
    return cells[:width]
