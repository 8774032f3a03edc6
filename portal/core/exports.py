"""Tables that people take along, CSV or XLSX, written row by row.

**Formulas.** A spreadsheet would run a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break. In CSV
`guard` puts an apostrophe before such a cell and `unguard` takes exactly that one away again; plain numbers ("-5")
stay as they are. A cell that already begins with apostrophes and then such a sign gets one more, which makes the
pair exact for every text. In XLSX text is written as text, and never becomes a formula or a link.
"""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

FORMATS = ("csv", "xlsx")
BOM = b"\xef\xbb\xbf"
ROWS_PER_CHUNK = 500
MOST_SHEET_ROWS = 1_000_000  # a worksheet holds some more; CSV has no end
WIDTH = 20  # characters
WORKBOOK = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_GUARDED = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def guard(cell: str) -> str:
    """The cell as no spreadsheet runs it: an apostrophe before what could be a formula."""
    return f"'{cell}" if _GUARDED.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unguard(cell: str) -> str:
    """What `guard` was given: the inverse, for the import."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell, 1) else cell


def table_response(
    format: str,  # noqa: A002
    name: str,
    header: Sequence[Any],
    rows: Iterable[Sequence[Any]],
) -> HttpResponseBase:
    """A table as a download called `name`: `header`, then `rows` of text, numbers, moments or None.

    CSV leaves row by row; a workbook is written to disk row by row first. Moments are in UTC. `format` is one of
    `FORMATS`; raises `KeyError` for another.
    """
    return {"csv": _csv, "xlsx": _xlsx}[format](name, header, rows)


def _csv(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    response = StreamingHttpResponse(_csv_chunks(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _csv_chunks(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([guard(str(cell)) for cell in header])
    yield BOM
    for number, row in enumerate(rows, start=1):
        writer.writerow([guard(_text(cell)) for cell in row])
        if number % ROWS_PER_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _text(cell: Any) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return "" if cell is None else str(cell)


def _xlsx(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    import xlsxwriter  # only who orders a workbook waits for it

    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    with xlsxwriter.Workbook(file, WORKBOOK) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(header) - 1, WIDTH)
        strong = book.add_format({"bold": True})
        when = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for column, cell in enumerate(header):
            sheet.write_string(0, column, str(cell), strong)
        for number, row in zip(range(1, MOST_SHEET_ROWS), rows, strict=False):
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell, when)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def _write(sheet: Any, row: int, column: int, cell: Any, when: Any) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.astimezone(UTC).replace(tzinfo=None), when)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell is not None:
        sheet.write_string(row, column, str(cell))
