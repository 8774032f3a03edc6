"""The characters that the bundled fonts can show, and the replacement of others.

A document never fails because of a stray emoji: what no font shows is replaced by U+FFFD before the PDF is made,
counted, and the count can be printed in the document. Invisible characters (joiners, direction marks) are
dropped instead when no font knows them.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

FONTS_DIR = Path(__file__).parent / "fonts"
REPLACEMENT = "\ufffd"
_INVISIBLE = {"Cf", "Cc", "Mn"}  # format, control, and marks such as variation selectors


@functools.cache
def covered() -> frozenset[int]:
    """Return the code points that every bundled family together can show, read once from the regular fonts."""
    from fontTools.ttLib import TTFont  # only the worker that sets text needs it

    points: set[int] = {ord("\n")}
    for path in sorted(FONTS_DIR.glob("*-Regular.ttf")):
        with TTFont(path, lazy=True) as font:
            points.update(font["cmap"].getBestCmap())
    return frozenset(points)


def showable(text: str) -> tuple[str, int]:
    """Return the text with every character shown by some font, and how many were replaced."""
    text = unicodedata.normalize("NFC", text.replace("\t", " "))
    if text.isascii():
        return text, 0
    shown = [_shown(character) for character in text]
    return "".join(shown), shown.count(REPLACEMENT) - text.count(REPLACEMENT)


def map_strings(value: object, change: Callable[[str], str]) -> Any:
    """Return a JSON-like value with every string in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: map_strings(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [map_strings(item, change) for item in value]
    return value


def _shown(character: str) -> str:
    if ord(character) in covered():
        return character
    return "" if unicodedata.category(character) in _INVISIBLE else REPLACEMENT
