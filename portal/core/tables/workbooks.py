"""An Excel workbook as openpyxl reads it, in bounded memory whatever the file holds.

openpyxl keeps whole parts as objects: a file of one megabyte, made for that, takes gigabytes of styles. Here sheets,
shared texts and formats are read element by element, each forgotten once it was used; of styles only the formats that
make a number a date are kept; the few parts that openpyxl reads whole must be small.
"""

import zipfile
from collections.abc import Collection, Iterator
from typing import IO, Any, BinaryIO
from xml.etree.ElementTree import Element

from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

NAMESPACE = f"{{{SHEET_MAIN_NS}}}"
MAX_WHOLE_BYTES = 1024**2  # of a part that is read whole: the list of parts, the list of sheets, their places
MAX_PIECE_BYTES = 2 * 1024**2  # of one row, text or format
MAX_DEPTH = 50  # of nested elements
MAX_FORMATS = 65_490  # the most that Excel keeps in a workbook
MAX_CODE_LENGTH = 1_000  # four times what Excel accepts of a number's format
ESCAPED = "x005F_"


def read_workbook(file: BinaryIO) -> Workbook:
    """Return the workbook as openpyxl has it, its sheets not yet read.

    Raises what openpyxl, zipfile and the XML parser raise, `ValueError` where a part is larger than any workbook's.
    """
    reader = _Reader(file)
    reader.read()
    return reader.wb


def elements(source: IO[bytes], wanted: Collection[str]) -> Iterator[tuple[str, Element]]:
    """Yield each element with a name in `wanted`, and the name of its parent; everything else is discarded at once.

    Names are without the namespace of sheets. Raises `ValueError` for an element of more than `MAX_PIECE_BYTES`,
    and for more than `MAX_DEPTH` nested in each other.
    """
    tags = {f"{NAMESPACE}{name}" for name in wanted}
    metered, parents, inside = _Metered(source), [], 0
    for event, element in iterparse(metered, events=("start", "end")):
        is_wanted = element.tag in tags
        if event == "start":
            parents.append(element)
            if len(parents) > MAX_DEPTH:
                raise ValueError("elements stand too deep in each other")
            inside += is_wanted
            continue
        parents.pop()
        inside -= is_wanted
        if inside:
            continue
        if is_wanted:
            yield _name(parents[-1]) if parents else "", element
        if parents:
            parents[-1].clear()
        metered.start_anew()


def _name(element: Element) -> str:
    return str(element.tag).removeprefix(NAMESPACE)


class _Metered:
    """A file that ends in a `ValueError` where one piece of it takes too many bytes."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.taken = source, 0

    def start_anew(self) -> None:
        """Start counting for the next piece."""
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        """Read on. Raises `ValueError`."""
        content: bytes = self.source.read(size)
        self.taken += len(content)
        if self.taken > MAX_PIECE_BYTES:
            raise ValueError("an element is too large")
        return content


class _Archive(zipfile.ZipFile):
    """An archive that returns small parts whole, and any part as a stream."""

    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        """Return a part whole. Raises `ValueError` for a large one."""
        if self.getinfo(name).file_size > MAX_WHOLE_BYTES:
            raise ValueError("a part is too large")
        return super().read(name, pwd)


class _Sheet(ReadOnlyWorksheet):
    """A sheet that is read as a stream.

    Where a file does not state a sheet's size, openpyxl walks through all of it to find out, before the first row is
    requested: minutes for a small file made for that. Nothing here needs the size.
    """

    def _get_size(self) -> None:
        """Leave the size unknown."""


class _Reader(ExcelReader):
    """The reader of openpyxl without properties, themes and charts; it reads texts and formats element by element."""

    package: Any
    wb: Any

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive = _Archive(file)

    def read(self) -> None:
        """Read which parts there are, but no sheet."""
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        self.read_formats()
        self.read_worksheets()

    def read_strings(self) -> None:
        """Read the texts that cells share, without phonetic hints."""
        part = self.package.find(SHARED_STRINGS)
        if part is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            self.shared_strings = [_text(element).replace(ESCAPED, "") for _parent, element in elements(source, {"si"})]

    def read_formats(self) -> None:
        """Read which styles of cells show a number as a date or as a span of time."""
        codes: dict[int, str | None] = {}
        styles: list[int] = []
        try:
            source = self.archive.open(ARC_STYLE)
        except KeyError:
            return
        with source:
            for parent, element in elements(source, {"numFmt", "xf"}):
                if parent == "numFmts":
                    codes[int(element.get("numFmtId", ""))] = element.get("formatCode", "")
                elif parent == "cellXfs":
                    styles.append(int(element.get("numFmtId", "0")))
                if len(styles) > MAX_FORMATS or len(codes) > MAX_FORMATS:
                    raise ValueError("there are too many formats")
        dates, spans = set(), set()
        for number in set(styles):
            code = codes.get(number, builtin_format_code(number))
            if code is not None and len(code) > MAX_CODE_LENGTH:
                raise ValueError("a format is too long")
            if is_date_format(code):
                dates.add(number)
            if is_timedelta_format(code):
                spans.add(number)
        self.wb._date_formats = {place for place, number in enumerate(styles) if number in dates}
        self.wb._timedelta_formats = {place for place, number in enumerate(styles) if number in spans}

    def read_worksheets(self) -> None:
        """Find the sheets; charts that are sheets hold no table."""
        parts = set(self.valid_files)
        for sheet, relation in self.parser.find_sheets():
            if relation.target in parts and "chartsheet" not in relation.Type:
                found = _Sheet(self.wb, sheet.name, relation.target, self.shared_strings)
                found.sheet_state = sheet.state or "visible"
                self.wb._sheets.append(found)


def _text(shared: Element) -> str:
    """Return all runs of a shared text, one after the other."""
    runs = (f"{NAMESPACE}t", f"{NAMESPACE}r/{NAMESPACE}t")
    return "".join(run.text or "" for path in runs for run in shared.iterfind(path))
