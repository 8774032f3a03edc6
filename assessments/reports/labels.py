"""The fixed wording of reports, one JSON file per language in `labels/`.

Texts from the tool or from people (questions, notes, names) are never translated. Every file has exactly the
keys of `en.json`, with the same {placeholders}; a test compares them.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Mapping
from pathlib import Path

LABELS_DIR = Path(__file__).parent / "labels"
RIGHT_TO_LEFT: frozenset[str] = frozenset({"ar"})

Labels = Mapping[str, str]


class UnknownLanguageError(ValueError):
    """The error for a language without fixed wording."""


@functools.cache
def languages() -> tuple[str, ...]:
    """Return the languages in which a report can be made, as codes, English first."""
    found = sorted(path.stem for path in LABELS_DIR.glob("*.json"))
    return ("en", *(code for code in found if code != "en"))


@functools.cache
def labels_for(language: str) -> Labels:
    """Return the fixed wording in a language. Raises `UnknownLanguageError`."""
    if language not in languages():
        raise UnknownLanguageError(f"No report wording in {language!r}; known: {', '.join(languages())}.")
    text = (LABELS_DIR / f"{language}.json").read_text(encoding="utf-8")
    labels: dict[str, str] = json.loads(text)
    return labels


def format_date(day: dt.date | None, labels: Labels) -> str:
    """Return a date in words of the language, or an empty string."""
    if day is None:
        return ""
    return labels["date"].format(day=day.day, month=labels[f"month_{day.month}"], year=day.year)


def format_number(number: int | None) -> str:
    """Return a whole number with narrow no-break spaces between thousands, readable in every language here."""
    return "" if number is None else f"{number:,}".replace(",", "\u202f")


def answer_in_words(value: str, labels: Labels) -> str:
    """Return an answer as a reader is shown it: "yes" and "no" in words of the language, any other as it was given."""
    plain = value.lower()
    return labels[plain] if plain in {"yes", "no"} else value
