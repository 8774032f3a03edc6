"""The fixed wording: complete in every language, and showable by the bundled fonts."""

import datetime as dt
import re

import pytest

from assessments.reports.document import FINDING_CODES, PROVENANCES, SCOPES
from assessments.reports.labels import (
    UnknownLanguageError,
    answer_in_words,
    format_date,
    format_number,
    labels_for,
    languages,
)
from portal.core.documents.glyphs import FONTS_DIR, showable

PLACEHOLDER = re.compile(r"{\w+}")


def test_the_programmes_languages_are_there():
    assert set(languages()) == {"en", "fr", "es", "vi", "km", "bn", "ar", "id"}


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_key_with_the_same_placeholders(language):
    english, labels = labels_for("en"), labels_for(language)
    assert labels.keys() == english.keys()
    for key in english:
        assert labels[key].strip(), key
        assert sorted(PLACEHOLDER.findall(labels[key])) == sorted(PLACEHOLDER.findall(english[key])), key


@pytest.mark.parametrize("language", languages())
def test_the_bundled_fonts_show_every_word(language):
    assert [key for key, words in labels_for(language).items() if showable(words)[1]] == []


@pytest.mark.parametrize("language", [code for code in languages() if code != "en"])
def test_the_words_are_translated(language):
    english, labels = labels_for("en"), labels_for(language)
    long = [key for key, words in english.items() if len(words) > 25]
    assert [key for key in long if labels[key] == english[key]] == []


def test_every_code_has_a_word():
    labels = labels_for("en")
    assert {f"finding_{code}" for code in FINDING_CODES} <= labels.keys()
    assert {f"meaning_{code}" for code in FINDING_CODES} <= labels.keys()
    assert {f"provenance_{code}" for code in PROVENANCES} <= labels.keys()
    assert {f"title_{scope}" for scope in SCOPES} <= labels.keys()


def test_r23_a_virtual_compliance_check_is_named_in_every_language():
    for language in languages():
        assert "Virtual Compliance Check" in labels_for(language)["mode_virtual"]


@pytest.mark.parametrize(
    ("value", "expected"), [("yes", "Oui"), ("No", "Non"), ("none", "none"), ("No overtime", "No overtime"), ("", "")]
)
def test_yes_and_no_are_said_in_the_language_and_other_answers_as_they_were_given(value, expected):
    assert answer_in_words(value, labels_for("fr")) == expected


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(UnknownLanguageError, match="'xx'; known: en, ar"):
        labels_for("xx")


def test_a_language_is_no_path():
    with pytest.raises(UnknownLanguageError):
        labels_for("../labels/en")


def test_dates_and_numbers():
    assert format_date(dt.date(2026, 3, 9), labels_for("en")) == "9 March 2026"
    assert format_date(dt.date(2026, 3, 9), labels_for("vi")) == "ngày 9 tháng 3 năm 2026"
    assert format_date(None, labels_for("en")) == ""
    assert format_number(1204310) == "1\u202f204\u202f310"


@pytest.mark.parametrize("weight", ["Regular", "Bold"])
@pytest.mark.parametrize("family", ["NotoSans", "NotoSansKhmer", "NotoSansBengali", "NotoSansArabic"])
def test_the_fonts_are_there_with_their_licence(family, weight):
    assert (FONTS_DIR / f"{family}-{weight}.ttf").is_file()
    assert "SIL OPEN FONT LICENSE" in (FONTS_DIR / "OFL.txt").read_text()
