"""Words that were translated and reviewed before: the words of reports.

They fill what is not translated yet; a translator may change them.
"""

import json
from functools import cache
from pathlib import Path

from devtools.catalogues.entries import Catalogue, by_key, with_forms
from devtools.catalogues.sources import ROOT

NOT_WORDS = {"language_name", "published_on"}  # these have another sense than on the pages
LABELS = ROOT / "assessments" / "reports" / "labels"


def _labels(language: str) -> dict[str, str]:
    path: Path = LABELS / f"{language}.json"
    return dict(json.loads(path.read_text())) if path.exists() else {}


@cache
def known_words(language: str) -> dict[str, str]:
    """Map English words to those of `language`; words that reports translate in two ways are left out."""
    english, theirs = _labels("en"), _labels(language)
    words: dict[str, set[str]] = {}
    for name, text in english.items():
        if name in theirs and name not in NOT_WORDS and "{" not in text:
            words.setdefault(text, set()).add(theirs[name])
    return {text: found.pop() for text, found in words.items() if len(found) == 1}


def filled(language: str, catalogue: Catalogue) -> Catalogue:
    """Return the catalogue with the known words where it had none."""
    words = known_words(language)
    return by_key(
        with_forms(entry, (words[entry.msgid],))
        if not entry.is_translated and not entry.plural and not entry.context and entry.msgid in words
        else entry
        for entry in catalogue.values()
    )
