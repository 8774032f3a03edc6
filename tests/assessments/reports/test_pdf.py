"""The PDF: tagged, in every script, deterministic, and never at the mercy of what people wrote."""

import re
import shutil
import subprocess
import time
import zlib
from dataclasses import replace

import pytest
from django.template.loader import render_to_string

from assessments.reports import (
    RenderCancelledError,
    RenderError,
    RenderTimeoutError,
    build_document,
    languages,
    render,
)
from assessments.reports.document import ReaderStamp
from assessments.reports.labels import labels_for
from assessments.reports.pdf import payload, render_pdf
from portal.core.documents import pdf as pdf_module
from tests.assessments.reports.sample import STAMP, answer, document, header

needs_pdftotext = pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")


def never() -> bool:
    return False


def pdf(built, stamp: ReaderStamp = STAMP) -> bytes:
    return render_pdf(built, stamp, should_cancel=never)


def small(*answers, language="en", **facts):
    return build_document(header(**facts), answers or [answer(finding="nc")], scope="report", language=language)


def objects(content: bytes) -> bytes:
    """The file with its compressed parts unpacked."""
    parts = [content]
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
        try:
            parts.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return b"\n".join(parts)


def pages(content: bytes) -> list[str]:
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return [re.sub(r"[\u2066-\u2069]", "", page) for page in text.stdout.decode().split("\f")[:-1]]


@pytest.mark.parametrize("language", languages())
def test_it_is_tagged_and_names_its_language_and_title(language):
    unpacked = objects(pdf(small(language=language)))
    assert b"/StructTreeRoot" in unpacked
    assert re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", unpacked)
    assert re.search(rb"/Lang\s*\(" + language.encode(), unpacked)
    assert b"<pdfuaid:part>1</pdfuaid:part>" in unpacked
    assert b"/DisplayDocTitle true" in unpacked


def test_the_chart_has_a_text_for_those_who_do_not_see_it():
    assert "Child Labour: 100%" in payload(small(), STAMP)["chart_alt"]
    assert "Child Labour: 100\u00a0%" in payload(small(language="fr"), STAMP)["chart_alt"]
    assert b"/Alt" in objects(pdf(small()))


def test_tables_have_header_cells():
    unpacked = objects(pdf(document()))
    assert re.search(rb"/S\s*/TH\b", unpacked)
    assert re.search(rb"/S\s*/H1\b", unpacked)


@needs_pdftotext
def test_every_page_bears_the_reader_and_its_number():
    told = pages(pdf(document()))
    assert len(told) > 5
    for number, page in enumerate(told, start=1):
        assert "Copy no. 1042, created for Marta Lindqvist, Nordvik Apparel, on 23 November 2026" in page
        assert f"Page {number} of {len(told)}" in page


@needs_pdftotext
def test_it_tells_the_factory_the_summary_and_the_findings():
    text = "\n".join(pages(pdf(document())))
    for words in ("Tonle Bright Garment Co., Ltd.", "Better Factories Cambodia", "Emergency Preparedness"):
        assert words in text
    assert "29 of the 39 compliance points" in text


@needs_pdftotext
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("km", "ប្រទេស"),
        ("bn", "সারসংক্ষেপ"),
        ("vi", "Tóm tắt"),
        ("fr", "Synthèse"),
        ("es", "Resumen"),
        ("id", "Ringkasan"),
    ],
)
def test_the_words_of_each_script_can_be_copied_out(language, words):
    assert words in "\n".join(pages(pdf(small(language=language))))


@needs_pdftotext
def test_arabic_can_be_copied_out():
    text = "\n".join(pages(pdf(small(language="ar"))))
    assert "الملخص" in text or "صخلملا" in text


@needs_pdftotext
@pytest.mark.parametrize("status", ["superseded", "withdrawn", "draft"])
def test_every_page_after_the_cover_is_marked_when_it_is_not_current(status):
    word = {"superseded": "Replaced", "withdrawn": "Withdrawn", "draft": "Not published"}[status]
    assert all(word in page for page in pages(pdf(small(status=status))))


@needs_pdftotext
def test_r23_a_virtual_check_says_so_on_its_cover():
    assert "This is a Virtual Compliance Check" in pages(pdf(small(mode="virtual")))[0]


@needs_pdftotext
def test_what_people_wrote_is_text_and_never_markup():
    evil = '#panic("x") #read("/etc/passwd") $x^2$ *b* _i_ `c` @ref <l> \\u{1} = H // c'
    text = " ".join(pages(pdf(small(answer(finding="nc", label=evil, note=evil)))))
    assert '#panic("x")' in text
    assert "#read(" in text
    assert "// c" in text


@pytest.mark.parametrize(("value", "shown"), [("yes", "Oui"), ("none", "none")])
def test_an_answer_of_yes_is_said_in_the_language_on_the_page_and_on_paper(value, shown):
    built = small(answer(question_type="FGW", finding="info", value=value), language="fr")
    [found] = built.clusters[0].points[0].findings
    [printed] = payload(built, STAMP)["clusters"][0]["points"][0]["findings"]
    page = render_to_string("reading/parts/finding.html", {"finding": found, "labels": labels_for("fr")})
    assert (printed["value"], f">{shown}</span>" in page) == (shown, True)


def test_a_stray_emoji_is_replaced_and_counted():
    shown = payload(small(answer(finding="nc", note="fire 🔥 door")), STAMP)
    assert shown["clusters"][0]["points"][0]["findings"][0]["note"] == "fire \ufffd door"
    assert shown["method"][-1].endswith("\ufffd: 1.")
    assert not payload(small(), STAMP)["method"][-1].endswith("\ufffd: 1.")


def test_a_word_of_ten_thousand_letters_and_a_note_of_many_pages_do_no_harm():
    assert pdf(small(answer(finding="nc", label="x" * 10_000, note="long note " * 5_000)))


def test_an_assessment_without_answers_makes_a_report():
    assert pdf(build_document(header(), [], scope="step1", language="en")).startswith(b"%PDF")


def test_the_same_input_gives_the_same_bytes():
    assert pdf(small()) == pdf(small())


def test_two_copies_differ():
    assert pdf(small()) != pdf(small(), replace(STAMP, copy_number=2))


def test_cancelling_ends_the_process(monkeypatch, tmp_path):
    processes = sleeping_worker(monkeypatch, tmp_path)
    answers = iter([False, False, True])
    started = time.monotonic()
    with pytest.raises(RenderCancelledError):
        render_pdf(small(), STAMP, should_cancel=lambda: next(answers))
    assert time.monotonic() - started < 5
    assert processes[0].poll() is not None


def test_a_renderer_that_hangs_is_ended(monkeypatch, tmp_path):
    processes = sleeping_worker(monkeypatch, tmp_path)
    with pytest.raises(RenderTimeoutError):
        render_pdf(small(), STAMP, should_cancel=never, timeout=0.3)
    assert processes[0].poll() is not None


def test_a_renderer_that_grows_is_ended_by_the_kernel(monkeypatch):
    monkeypatch.setattr(pdf_module, "MEMORY_LIMIT", 64 * 1024**2)
    with pytest.raises(RenderError):
        pdf(document())


def test_render_asks_before_it_starts():
    with pytest.raises(RenderCancelledError):
        render(document(), STAMP, "pdf", should_cancel=lambda: True)


def sleeping_worker(monkeypatch, tmp_path):
    """A worker that never answers, and the processes started from it."""
    worker = tmp_path / "worker.py"
    worker.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(pdf_module, "WORKER", worker)
    started = []
    popen = subprocess.Popen

    def record(*args, **kwargs):
        started.append(popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", record)
    return started
