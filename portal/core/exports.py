"""Tables that people download, CSV or XLSX, written row by row.

**Formulas.** A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@` (a tab, a line break, blanks or quotes may
come first). Which text begins a cell depends on the reader's computer: where its list separator is a semicolon or a
tab, the quotes around a cell mean nothing, and the text after each `;`, tab or line break inside it is a cell of its
own. So every cell is quoted, and `guard` puts an apostrophe before such a sign at the start of the cell and after each
`;`, tab and line break in it, and behind a `;`, tab or line break that ends it (or what follows would be swallowed).
`unguard` removes exactly these again, for every text. Numbers ("-5") stay numbers, except in the first cell of a row,
which another separator joins with its neighbours. In XLSX text is written as text, and never becomes a formula or a
link.
"""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

FORMATS = ("csv", "xlsx")
BOM = b"\xef\xbb\xbf"
ROWS_PER_CHUNK = 500
MOST_SHEET_ROWS = 1_000_000  # a worksheet holds some more; CSV has no limit
WIDTH = 20  # characters
WORKBOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]+)?")
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FIRST = rf"""(?=["' ]*[{_SIGNS}\t\r\n])"""  # the start of a cell that needs a guard
_LATER = rf"""(?=["' ]*(?:[{_SIGNS}\t]|\Z))"""  # a later start inside a cell that needs one
_AFTER = r"(?:(?<=[;\t\n])|(?<=\r)(?!\n))"
_STARTS = re.compile(rf"\A{_FIRST}|{_AFTER}{_LATER}")
_GUARDED = re.compile(rf"\A'{_FIRST}|{_AFTER}'{_LATER}")
_RISKY = re.compile(rf"[{_SIGNS};\t\r\n]")


def guard(cell: str) -> str:
    """Return the cell in a form of which no spreadsheet runs any part; a number stays as it is."""
    return cell if _NUMBER.fullmatch(cell) else _guarded(cell)


def _guarded(cell: str) -> str:
    return _STARTS.sub("'", cell) if _RISKY.search(cell) else cell


def unguard(cell: str) -> str:
    """Return what `guard` was given: the inverse, for the import."""
    return _GUARDED.sub("", cell) if "'" in cell else cell


def csv_file(header: Sequence[object], rows: Iterable[Sequence[object]], *, bom: bool = True) -> Iterator[bytes]:
    """Yield a CSV file in chunks, in bounded memory: UTF-8, commas, every cell quoted and guarded.

    Cells are text, numbers, moments (written in ISO 8601, with their own offset) or None. `bom`: Excel needs it to
    read UTF-8.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(_csv_cells(header))
    if bom:
        yield BOM
    for number, row in enumerate(rows, start=1):
        writer.writerow(_csv_cells(row))
        if number % ROWS_PER_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def csv_response(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Return a CSV file as a download called `name`, which is sent row by row."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(csv_file(header, rows), content_type=CSV, headers=headers)


def _csv_cells(row: Sequence[object]) -> list[str]:
    first, *others = map(_text, row)
    return [_guarded(first), *map(guard, others)]


def table_response(
    format: str,  # noqa: A002
    name: str,
    header: Sequence[object],
    rows: Iterable[Sequence[object]],
) -> HttpResponseBase:
    """Return a table as a download called `name`: `header`, then `rows` of text, numbers, moments or None.

    CSV is sent row by row; a workbook is written to disk row by row first. Moments are written in ISO 8601, with their
    own offset. `format` is one of `FORMATS`; raises `KeyError` for another.
    """
    return {"csv": csv_response, "xlsx": _xlsx}[format](name, header, rows)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _text(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)


def _xlsx(name: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> HttpResponseBase:
    import xlsxwriter  # only a request for a workbook waits for it

    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with xlsxwriter.Workbook(file, WORKBOOK) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, WIDTH)
        strong = book.add_format({"bold": True})
        for column, cell in enumerate(header):
            sheet.write_string(0, column, str(cell), strong)
        for number, row in zip(range(1, MOST_SHEET_ROWS), rows, strict=False):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def _write(sheet: "Worksheet", row: int, column: int, cell: object) -> None:
    if isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, _text(cell))
