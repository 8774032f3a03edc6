"""Uploaded tables: read exactly, or refused with the place and the remedy."""

import datetime as dt
import io
import re
import time
import tracemalloc
import zipfile

import openpyxl
import pytest
import xlsxwriter

from portal.core.country_names import country_code
from portal.core.tables import Problems, Table, TableError, sheets, sources, workbooks

COLUMNS = ("Factory Assessed ID", "Name")


def read(content, required=COLUMNS, **options):
    problems = Problems()
    found = list(Table(io.BytesIO(content), required=required, **options).records(problems))
    assert not problems, problems
    return found


def refused(content, **options):
    with pytest.raises(TableError) as caught:
        read(content, **options)
    return caught.value


def workbook(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


ONE = [(2, {"Factory Assessed ID": "9001", "Name": "Sông Hồng; Đà Nẵng"})]


@pytest.mark.parametrize(
    "header", ["Factory Assessed ID", "Factory.Assessed.ID", "factory_assessed_id", " FACTORY assessedId "]
)
def test_headers_are_equal_whatever_their_case_spaces_and_dots(header):
    assert read(f"{header},Name\n9001,a\n".encode())[0][1]["Factory Assessed ID"] == "9001"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
def test_delimiters_encodings_and_line_breaks(delimiter, encoding, line_break):
    lines = [delimiter.join(["Factory Assessed ID", "Name"]), delimiter.join(["9001", '"Sông Hồng; Đà Nẵng"']), ""]
    assert read(line_break.join(lines).encode(encoding)) == ONE


def test_excels_own_line_about_the_separator():
    assert read('sep=;\r\nFactory Assessed ID;Name\r\n9001;"Sông Hồng; Đà Nẵng"\r\n'.encode()) == [(3, ONE[0][1])]


def test_quotes_line_breaks_and_blank_lines_keep_the_rows_number():
    content = b'Factory Assessed ID,Name\n1,"two\nlines, ""quoted"""\n\n,\n2,b\n'
    assert read(content) == [
        (2, {"Factory Assessed ID": "1", "Name": 'two lines, "quoted"'}),
        (5, {"Factory Assessed ID": "2", "Name": "b"}),
    ]


@pytest.mark.parametrize("encoding", ["cp1258", "cp1252", "latin-1"])
def test_other_encodings_are_refused_with_the_place(encoding):
    text = (
        "Factory Assessed ID,Name\n1,plain\n2,Café Đ\n"
        if encoding == "cp1258"
        else "Factory Assessed ID,Name\n1,plain\n2,Café\n"
    )
    error = refused(text.encode(encoding))
    assert (error.row, error.column) == (3, "Name")
    assert "0xE9" in error.message
    assert "UTF-8" in error.message


def test_far_into_a_file_the_place_is_still_right():
    lines = b"".join(b'%d,"a\nb"\n' % number for number in range(20_000))
    assert refused(b"Factory Assessed ID,Name\n" + lines + b"x,\xff\n").row == 20_002


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_wide_text_without_a_mark_is_refused(encoding):
    assert "UTF-" in refused("Factory Assessed ID,Name\n1,a\n".encode(encoding)).message


def test_damaged_utf16_is_refused():
    assert "UTF-16" in refused("Factory Assessed ID,Name\n1,a\n".encode("utf-16") + b"\xd8").message


def test_nul_bytes_are_refused_with_the_place():
    error = refused(b"Factory Assessed ID,Name\n1,a\n2,b\0c\n")
    assert (error.row, error.column) == (3, "Name")


@pytest.mark.parametrize(
    ("body", "row"), [(b'1,"a"b\n', 2), (b'1,a\n2,"never closed\n3,c\n', 3), (b'1,a\n2,"' + b"x" * 200_000, 3)]
)
def test_broken_quotes_are_named_by_row(body, row):
    error = refused(b"Factory Assessed ID,Name\n" + body)
    assert error.row == row
    assert "quote" in error.message


def test_a_line_without_an_end_is_refused():
    assert "line" in refused(b"Factory Assessed ID,Name\n" + b"x" * (sources.MAX_LINE + 1)).message


def test_a_long_cell_is_refused_with_its_column():
    table, problems = Table(io.BytesIO(b"Factory Assessed ID,Name\n1," + b"x" * 10_001), required=COLUMNS), Problems()
    assert list(table.records(problems)) == []
    (problem,) = problems
    assert (problem.row, problem.column) == (2, "Name")
    assert "10000" in problem.message


def test_missing_and_repeated_columns_are_named():
    assert "Factory Assessed ID, Name" in refused(b"a,b\n1,2\n").message
    assert "name" in refused(b"Factory Assessed ID,Name,name\n1,2,3\n").message


def test_other_columns_are_ignored_and_named():
    table = Table(io.BytesIO(b"x,Factory Assessed ID,Name,Remarks\n0,1,a,b\n"), required=COLUMNS)
    assert list(table.records(Problems())) == [(2, {"Factory Assessed ID": "1", "Name": "a"})]
    assert table.ignored == ["x", "Remarks"]


def test_a_column_that_is_nearly_an_asked_one_is_pointed_out():
    table = Table(io.BytesIO(b"Name,Tag,Remarks\na,b,c\n"), required=("Name",), optional=("Tags", "City"))
    assert table.nearly == [("Tag", "Tags")]
    table = Table(io.BytesIO(b"Name,Tag,Tags\na,b,c\n"), required=("Name",), optional=("Tags",))
    assert table.nearly == []
    assert "“Nane” meant as “Name”" in refused(b"Nane,x\na,b\n", required=("Name",)).message


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00" + bytes(range(256))


@pytest.mark.parametrize("content", [PNG, b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", b"a,b\x01\x02\xfe\xff\n"])
def test_pictures_and_the_like_are_said_to_be_no_table(content):
    assert "not a CSV or Excel file" in refused(content).message


def test_short_rows_are_filled_and_long_ones_refused():
    assert read(b"Factory Assessed ID,Name\n1\n2,b,,\n")[0][1]["Name"] == ""
    assert refused(b"Factory Assessed ID,Name\n1,a,b\n").row == 2


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content):
    assert "empty" in refused(content).message


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04rubbish", b"<html>", b"\x89PNG\r\n"]
)
def test_what_is_no_table_is_refused(content):
    assert refused(content).message


def test_a_workbook_is_read_as_text():
    content = workbook(
        ["Factory.Assessed.ID", "Name", "On"],
        [9001, "Sông", dt.date(2016, 3, 27)],
        [None, None, None],
        [2.0, True, 1.5],
    )
    assert read(content, required=(*COLUMNS, "On")) == [
        (2, {"Factory Assessed ID": "9001", "Name": "Sông", "On": "27/03/2016"}),
        (4, {"Factory Assessed ID": "2", "Name": "TRUE", "On": "1.5"}),
    ]


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_unpacks():
    assert "unpacks" in refused(zipped({"xl/worksheets/sheet1.xml": b"0" * 50_000_000})).message


def test_an_archive_of_a_thousand_parts_is_refused():
    assert "unpacks" in refused(zipped({f"part{number}": b"x" for number in range(1_001)})).message


def test_huge_shared_texts_are_refused(monkeypatch):
    monkeypatch.setattr(sheets, "MAX_KEPT_BYTES", 10)
    assert "unpacks" in refused(workbook(["Factory Assessed ID", "Name"], ["1", "a long text"])).message


def with_sheet(xml):
    """A workbook whose sheet is this XML."""
    return with_part("xl/worksheets/sheet1.xml", lambda _text: xml)


def with_part(part, change):
    """A workbook of two cells, a text that both share and a date, in which one part is changed."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Factory Assessed ID", "Name"])
        sheet.write_string(1, 0, "1")
        sheet.write_datetime(1, 1, dt.date(2016, 3, 27))
    source = zipfile.ZipFile(out)
    files = {name: source.read(name).decode() for name in source.namelist()}
    changed = change(files[part])
    assert changed != files[part]
    return zipped({**files, part: changed}, zipfile.ZIP_STORED)  # so that it is not refused for how well it packs


def filled(before, piece, times):
    """Put a piece in front of some words, so many times."""
    return lambda text: text.replace(before, piece * times + before, 1)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("[Content_Types].xml", filled("</Types>", '<Override PartName="/x" ContentType="x"/>', 50_000)),
        ("xl/workbook.xml", filled("</sheets>", '<sheet name="x" sheetId="9" state="hidden" r:id="rId1"/>', 50_000)),
        (
            "xl/_rels/workbook.xml.rels",
            filled("</Relationships>", '<Relationship Id="x" Type="x" Target="x"/>', 50_000),
        ),
        ("xl/styles.xml", filled("</cellXfs>", "<xf/>", 400_000)),
        ("xl/styles.xml", filled("<numFmts", "<a>" + "<b/>", 60)),
        ("xl/styles.xml", filled("</cellXfs>", f"<xf>{'<x/>' * 100_000}</xf>", 1)),
        ("xl/sharedStrings.xml", filled("</sst>", f"<si>{'<x/>' * 100_000}</si>", 1)),
        ("xl/worksheets/sheet1.xml", filled("</sheetData>", f'<row r="3">{"<c/>" * 100_000}</row>', 1)),
        ("xl/worksheets/sheet1.xml", filled("</sheetData>", f"<row>{'a' * 5_000_000}</row>", 1)),
    ],
)
def test_a_part_that_would_take_much_memory_is_refused_before_it_does(part, change, monkeypatch):
    monkeypatch.setattr(workbooks, "MAX_PIECE_BYTES", 256 * 1024)
    content = with_part(part, change)
    tracemalloc.start()
    error = refused(content)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "an Excel workbook that can be read" in error.message or "damaged" in error.message
    assert peak < 8 * 1024**2


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("xl/worksheets/sheet1.xml", filled("</sheetData>", "<x/>", 60_000)),
        ("xl/sharedStrings.xml", filled("</sst>", "<x/>", 60_000)),
        ("xl/styles.xml", filled("</styleSheet>", "<x><y/></x>", 30_000)),
        ("xl/theme/theme1.xml", filled("</a:theme>", "<x/>", 60_000)),
        ("docProps/core.xml", lambda _text: "<no><xml>"),
    ],
)
def test_what_nobody_asked_for_is_read_past_in_little_memory(part, change):
    content = with_part(part, change)
    tracemalloc.start()
    assert read(content) == [(2, {"Factory Assessed ID": "1", "Name": "27/03/2016"})]
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * 1024**2


def test_entities_in_a_workbook_are_refused():
    xml = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
    )
    assert refused(with_sheet(xml)).message


def test_a_row_number_beyond_excels_is_refused():
    xml = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>'
        '<row r="999999999"><c r="A999999999"><v>1</v></c></row></sheetData></worksheet>'
    )
    assert "rows" in refused(with_sheet(xml), required=("Name",)).message


def gaps(step, last):
    """A sheet with a header, and then a row at each `step`th number."""
    rows = "".join(f'<row r="{at}"><c r="A{at}"><v>1</v></c></row>' for at in range(1 + step, last, step))
    return with_sheet(
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>{rows}</sheetData></worksheet>'
    )


def test_a_workbook_with_a_huge_gap_is_refused_after_a_few_rows():
    error = refused(gaps(99_999_999_998, 10**12), required=("Name",))
    assert error.row <= sheets.MAX_EMPTY_ROWS + 3
    assert "empty" in error.message


def test_a_workbook_of_many_gaps_is_read_in_seconds():
    started = time.process_time()
    error = refused(gaps(sheets.MAX_EMPTY_ROWS, 1_200_000), required=("Name",))
    assert error.row == sheets.MAX_SHEET_ROWS + 1
    assert time.process_time() - started < 10


def test_a_damaged_workbook_is_refused():
    xml = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
    assert refused(with_sheet(xml)).message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Vietnam", "VN"),
        ("VIET NAM", "VN"),
        ("cambodia", "KH"),
        ("Haïti", "HT"),
        ("bd", "BD"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("Atlantis", ""),
        ("", ""),
    ],
)
def test_countries_by_name(name, code):
    assert country_code(name) == code


class Counting(io.BytesIO):
    """A file that knows how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.taken += len(found)
        return found


def test_a_sheet_that_does_not_state_its_size_is_not_walked_through_first() -> None:
    """A small file made for that kept a web worker busy for minutes, before any limit of rows was asked."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["name", "country"])
        for row in range(1, 30_000):
            sheet.write_row(row, 0, [f"Mill {row}", "Cambodia"])
    file = Counting()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, re.sub(rb"<dimension[^>]*/>", b"", source.read(name)))
    file.taken = 0
    table = Table(file, required=["name"])
    first = next(iter(table.records(Problems())))
    assert first[1]["name"] == "Mill 1"
    assert file.taken < len(file.getvalue()) / 3
