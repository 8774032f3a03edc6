"""The translations of the pages: complete where they are offered, and a tool that lets nothing wrong in."""

import ast
import gettext
import json
import os
import re
from datetime import date
from io import BytesIO

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format

from devtools.catalogues import compiling, files
from devtools.catalogues.__main__ import Refusal, run
from devtools.catalogues.checks import NAME_AT_END, problems
from devtools.catalogues.entries import PLURALS, Entry, by_key, compiled, po_file, read_catalogue, with_forms
from devtools.catalogues.sources import KEYWORDS, called, own_sources
from portal.core.translations import compiled_catalogues

GLOSSARIES = settings.BASE_DIR / "docs" / "glossary"
ROW = re.compile(r"^\| ([^|]+) \| ([^|]*) \|", re.MULTILINE)
REPORTS = "%(count)s report of %(brand)s"
REPLACED_WORDS = re.compile(
    r"\b(its|the|printed) sharing\b|\b(factory|manager|you) (stops?|ends?) it\.?$|new reports? waits?|\bopens? to\b"
    r"|\bis no (date|day|complete|e-mail)|^(Here|In %s|Besides|What came)\b|took its place"
)
BETWEEN = re.compile(r'(?:\}\}|%\}|">)[,;:] ?\{\{.*')
NOT_PLAIN = re.compile(r"\{% (blocktranslate|comment)\b.*?\{% end\1 %\}|\{#.*?#\}", re.DOTALL)
TWO_TEXTS = [
    ("Answer", "Answer it"),
    ("Viewed", "Handover opened"),
    ("Stop all", "Stop all sharing with this brand"),
    ("Stop sharing with all brands", "Stop all sharing with this brand"),
    ("Leave", "Sign out"),
    ("Activity", "Actions"),
]
ONE, MANY = f"{REPORTS} is open", "%(count)s reports of %(brand)s are open"


def test_each_language_offered_is_complete_right_and_up_to_date():
    assert {code for code, _ in settings.REPORT_LANGUAGES} == {"en", *PLURALS}
    for code, _ in settings.LANGUAGES:
        if code != "en":
            assert list(files.faults(code)) == []


def test_no_text_uses_a_word_that_another_replaced():
    """No end date, held, can see, stopped sharing: one thing is called by one word on every page, mail and receipt."""
    texts = [entry.msgid for entry in files.fresh("fr").values()]
    assert [text for text in texts if REPLACED_WORDS.search(text)] == []


@pytest.mark.parametrize("language", sorted(set(PLURALS) - {"en"}))
def test_what_other_languages_say_in_two_words_is_two_texts(language):
    """A button is a verb where its column is a noun, a report is viewed where a handover is opened; and two buttons
    that do not do the same do not read the same."""
    said = {entry.msgid: entry.forms[0] for entry in files.fresh(language).values()}
    for one, other in TWO_TEXTS:
        assert said[one] != said[other]


def test_what_stands_between_two_values_is_translated():
    """Arabic has another comma, Khmer and Bengali other stops: no template writes one between values by itself."""
    wrong = [
        f"{path.relative_to(settings.BASE_DIR)}: {found}"
        for folder in ("portal", "brands", "factories", "sharing", "assessments")
        for path in (settings.BASE_DIR / folder).rglob("templates/**/*.html")
        if "styleguide" not in path.name
        for found in BETWEEN.findall(NOT_PLAIN.sub("", path.read_text()))
    ]
    assert wrong == []


def test_every_text_is_written_where_it_is_marked():
    """What gettext is given as a variable is found by no tool, and so by no translator."""
    wrong = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, source in own_sources()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and called(node.func) in KEYWORDS
        for part in node.args[: len(KEYWORDS[called(node.func)])]
        if not (isinstance(part, ast.Constant) and isinstance(part.value, str))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("msgid", "form", "problem"),
    [
        ("Share", "", "translate it"),
        ("Share with %(brand)s", "Partager avec %(marque)s", "use the placeholders %(brand)s, not %(marque)s"),
        ("%s of %s", "%s", "use the placeholders %s, %s, not %s"),
        ("Open {name}", "Ouvrir", "use the placeholders {name}, not (none)"),
        ("<b>Share</b>", "<b>Partager<b>", "use the tags <b>, </b>, not <b>, <b>"),
        (" and more", "et plus", "begin and end with the same blanks and line breaks as the English text"),
        ("Share", "Part\u202eager", "take out the control character"),
        ("Share?", "Partager ?", "put a no-break space (U+00A0 before : and within « », U+202F before ; ? !)"),
        ("From: “%s”", "De\u00a0: «\u00a0%s\u00a0»", None),
        ("Nothing about SLCP", "Rien sur la convergence", "keep SLCP as it is"),
        ("Up to 5%% of %(all)s", "5%% de %(all)s, %(all)s au plus", None),
    ],
)
def test_what_is_wrong_with_a_translation_is_said(msgid, form, problem):
    assert list(problems("fr", Entry(msgid, forms=(form,)))) == ([problem] if problem else [])


def test_a_count_has_every_form_and_only_a_form_of_one_number_may_leave_it_out():
    entry = Entry(ONE, MANY)
    assert list(problems("ar", with_forms(entry, ("x",)))) == ["give 6 forms, not 1"]
    arabic = ("لا %(brand)s", "واحد %(brand)s", "اثنان %(brand)s", *(["%(count)s تقارير %(brand)s"] * 3))
    assert list(problems("ar", with_forms(entry, arabic))) == []
    french = ("un rapport de %(brand)s", "%(count)s rapports de %(brand)s")  # also said of none
    assert [problem[:38] for problem in problems("fr", with_forms(entry, french))] == [
        "use the placeholders %(count)s, %(bran"
    ]


def test_the_files_hold_what_was_given_and_never_change_by_themselves(tmp_path):
    """A translation that is marked fuzzy counts as none."""
    long_text = "A sentence that is long enough to be broken into lines of the file, as most of a page are. " * 2
    entries = by_key(
        [
            Entry("Share", "", "verb", ("a.py",), (), ("Partager",)),
            Entry(ONE, MANY, "", ("a.py", "b.html"), (), ("%(count)s a %(brand)s", "%(count)s b %(brand)s")),
            Entry(long_text, files=("a.py",), comments=("Translators: of a mail",), forms=('« "\\ »\n',)),
            Entry("Later", files=("b.py",), forms=("",)),
        ]
    )
    path = tmp_path / "django.po"
    path.write_text(str(po_file("fr", entries)))
    assert read_catalogue(path) == entries
    assert str(po_file("fr", read_catalogue(path))) == path.read_text()
    words = gettext.GNUTranslations(BytesIO(compiled("fr", entries)))
    assert words.pgettext("verb", "Share") == "Partager"
    assert words.ngettext(ONE, MANY, 2) == "%(count)s b %(brand)s"
    assert words.gettext("Later") == "Later"
    path.write_text(path.read_text().replace('msgctxt "verb"', '#, fuzzy\nmsgctxt "verb"'))
    assert read_catalogue(path)["verb\x04Share"].forms == ("",)


def test_a_translator_takes_texts_and_gives_them_back(tmp_path, monkeypatch, capsys):
    texts = by_key([Entry("Share", files=("a.py",)), Entry(ONE, MANY, files=("a.py",)), Entry("Hi", files=("b.py",))])
    monkeypatch.setattr(compiling, "LOCALE", tmp_path)
    monkeypatch.setattr(files, "ROOT", tmp_path)
    monkeypatch.setattr(files, "texts_of", lambda language: texts)
    run(["--untranslated", "fr", "--limit", "1", "--offset", "1"])
    assert json.loads(capsys.readouterr().out) == [{"key": "Share", "files": ["a.py"]}]
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"Share": "Partager", ONE: ["%(count)s %(brand)s", "%(brand)s"], "Unheard": "Inconnu"}))
    with pytest.raises(Refusal, match="2 refused, the others are saved"):
        run(["--fill", "fr", str(given)])
    out, err = capsys.readouterr()
    assert "fr: 2 still to translate" in out
    assert "in form 1, not %(brand)s" in err
    assert "'Unheard': no such text" in err
    assert read_catalogue(compiling.po_path("fr"))["Share"].forms == ("Partager",)
    with pytest.raises(Refusal, match="2 faults"):
        run(["fr", "--check"])
    assert "translate each of its 2 forms" in capsys.readouterr().out
    with pytest.raises(Refusal, match="no catalogue 'xx'"):
        run(["xx"])


def test_a_text_whose_english_alone_changes_keeps_its_translations(tmp_path, monkeypatch, capsys):
    """The others that wait to be renamed keep theirs, too; what does not fit the new words is refused."""
    asked, other = Entry(f"{REPORTS} was open", MANY, "", ("a.py",)), Entry("Others", files=("a.py",))
    texts = by_key([Entry("Give", files=("a.py",)), asked, other, Entry("Give %s", files=("b.py",))])
    given = [("Share", "", ("Partager",)), (ONE, MANY, ("%(count)s a %(brand)s", "%(count)s b %(brand)s"))]
    before = by_key([with_forms(other, ("Autres",)), *(Entry(*words[:2], forms=words[2]) for words in given)])
    monkeypatch.setattr(compiling, "LOCALE", tmp_path)
    monkeypatch.setattr(files, "texts_of", lambda language: texts)
    files.save("fr", before)
    for old, new, problem in (
        ("Share", "Give %s", "use the placeholders %s"),
        ("Share", "Offer", "change them first"),
        ("Sharing", "Give", "before `./dev catalogues` drops it"),
        ("Share", "Others", "has a translation already"),
    ):
        with pytest.raises(Refusal, match="Not renamed in 1 of 1"):
            run(["fr", "--rename", old, new])
        assert problem in capsys.readouterr().err
    assert read_catalogue(compiling.po_path("fr")) == before

    run(["fr", "--rename", "Share", "Give"])
    assert "fr: Partager" in capsys.readouterr().out
    run(["fr", "--rename", ONE, asked.msgid])
    run(["fr"])

    found = {key: entry.forms for key, entry in read_catalogue(compiling.po_path("fr")).items()}
    assert found == {
        "Give": ("Partager",), "Give %s": ("",), asked.msgid: given[1][2], "Others": ("Autres",)
    }  # fmt: skip


def test_what_fills_a_right_to_left_sentence_keeps_its_own_direction():
    """But for an attribute of a tag, and for a per cent sign."""
    link = '<a href="mailto:%(mail)s">%(mail)s</a>: 5%% {name}'
    entries = by_key([Entry(link, forms=(link,)), Entry(ONE, MANY, forms=(ONE,) * 6)])
    words = gettext.GNUTranslations(BytesIO(compiled("ar", entries)))
    assert words.gettext(link) == '<a href="mailto:%(mail)s">\u2068%(mail)s\u2069</a>: 5%% \u2068{name}\u2069'
    assert words.ngettext(ONE, MANY, 3) == "\u2068%(count)s\u2069 report of \u2068%(brand)s\u2069 is open"


def test_march_is_spelt_right_in_khmer():
    with translation.override("km"):
        assert date_format(date(2026, 3, 9), "j F Y") == "9 មីនា 2026"


def test_what_is_missing_or_old_is_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(compiling, "LOCALE", tmp_path)
    path = compiling.po_path("fr")
    path.parent.mkdir(parents=True)
    path.write_text(str(po_file("fr", by_key([Entry("Share", forms=("Partager",))]))))
    assert compiling.compile_catalogues() == ["fr"]
    assert compiling.compile_catalogues() == []
    path.with_suffix(".mo").write_bytes(b"")
    os.utime(path.with_suffix(".mo"), (0, 0))
    assert compiling.compile_catalogues() == ["fr"]
    words = gettext.GNUTranslations(BytesIO(path.with_suffix(".mo").read_bytes()))
    assert words.gettext("Share") == "Partager"


def test_an_installation_that_did_not_compile_is_told(tmp_path, settings):
    assert compiled_catalogues() == []
    settings.LOCALE_PATHS = [tmp_path]
    [error] = compiled_catalogues()
    assert "km" in error.msg
    assert "python -m devtools.catalogues --compile" in error.hint


def test_every_language_has_a_glossary_of_the_same_terms():
    terms = {path.stem: ROW.findall(path.read_text())[1:] for path in GLOSSARIES.glob("??.md")}
    assert set(terms) == {code for code, _ in settings.LANGUAGES} - {"en"}
    english = {code: [term for term, _translation in rows] for code, rows in terms.items()}
    assert all(rows == english["fr"] for rows in english.values())
    assert len(english["fr"]) > 60
    assert [(code, term) for code, rows in terms.items() for term, translation in rows if not translation] == []


def test_no_sentence_ends_in_a_name_which_may_have_a_full_stop_of_its_own():
    """A name such as "Lantern Co., Ltd." would end the sentence with two."""
    texts = {text for entry in read_catalogue(compiling.po_path("fr")).values() for text in (entry.msgid, entry.plural)}
    assert [text for text in texts if NAME_AT_END.search(text)] == []
    shown = re.compile(r"\{\{ *[\w.]*\bname *\}\}(?:</\w+>)*\.")
    pages = [path for path in settings.BASE_DIR.rglob("templates/**/*.*") if ".venv" not in path.parts]
    assert [path for path in pages if shown.search(path.read_text())] == []
    ends = Entry("%(brand)s reads it.", forms=("Lu par <b>%(brand)s</b>.",))
    assert any("another word than a name" in problem for problem in problems("fr", ends))
