"""Checks of translations: what is wrong, in sentences that say what to do."""

import gettext
import re
from collections import Counter
from collections.abc import Iterator

from devtools.catalogues.entries import PLURALS, Catalogue, Entry

PERCENT = re.compile(r"%(?:\([^)]*\))?[-#0 +]*[\d.]*[a-zA-Z%]")
BRACES = re.compile(r"\{[^{}\s]*\}")
TAG = re.compile(r"</?[a-zA-Z][^>]*>")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
# In French a no-break space precedes these; otherwise a line may begin with a lone colon.
BREAKABLE = re.compile(" [:;?!»]|« ")
# A name may end in a full stop of its own ("Lantern Co., Ltd."), so no sentence ends in one.
NAME_AT_END = re.compile(
    r"%\((?:advisor|asker|author|brands?|by|factory|former|member|names?|organisation|person|programme|signed_by|user|who)\)s"
    r"(?:</\w+>)*[.।។۔]"
)
KEPT = re.compile(r"\b(?:SLCP|Better Work|CAT|PDF|CSV|XLSX|JSON|API)\b")


def problems(language: str, entry: Entry) -> Iterator[str]:
    """Yield what is wrong with the translation of `entry` into `language`; nothing where all is well."""
    wanted = PLURALS[language][0] if entry.plural else 1
    if len(entry.forms) != wanted:
        yield f"give {wanted} form{'s' if wanted > 1 else ''}, not {len(entry.forms)}"
        return
    if not entry.is_translated:
        yield "translate it" if wanted == 1 else f"translate each of its {wanted} forms"
        return
    for index, form in enumerate(entry.forms):
        yield from _problems_of_form(language, entry, index, form)


def _problems_of_form(language: str, entry: Entry, index: int, form: str) -> Iterator[str]:
    source = entry.plural or entry.msgid
    where = f" in form {index}" if len(entry.forms) > 1 else ""
    if not _same_places(source, form, spare=_stands_for_one_number(language, index) if entry.plural else 0):
        yield f"use the placeholders {_listed(_placeholders(source))}{where}, not {_listed(_placeholders(form))}"
    if Counter(TAG.findall(source)) != Counter(TAG.findall(form)):
        yield f"use the tags {_listed(TAG.findall(source))}{where}, not {_listed(TAG.findall(form))}"
    if _ends(source) != _ends(form):
        yield f"begin and end{where} with the same blanks and line breaks as the English text"
    if UNSEEN.search(form):
        yield f"take out the control character{where}"
    if language == "fr" and BREAKABLE.search(form):
        yield f"put a no-break space (U+00A0 before : and within « », U+202F before ; ? !){where}"
    if NAME_AT_END.search(form):
        yield f"end the sentence in another word than a name{where}: names have full stops of their own"
    lost = sorted(set(KEPT.findall(source)) - set(KEPT.findall(form)))
    if lost:
        yield f"keep {_listed(lost)} as it is{where}"


def _placeholders(text: str) -> list[str]:
    return PERCENT.findall(text) + BRACES.findall(text.replace("{{", "").replace("}}", ""))


def _same_places(source: str, form: str, *, spare: int) -> bool:
    """Return whether placeholders agree: named ones may repeat, nameless ones must occur equally often.

    A form for one number alone may leave out a named number. A nameless placeholder that such a form leaves out is an
    error when the text is filled in, for that one number.
    """
    ours, theirs = Counter(_placeholders(source)), Counter(_placeholders(form))
    named = {place for place in ours | theirs if place.startswith("%(") or (place.startswith("{") and place != "{}")}
    lacks, adds = ours.keys() - theirs.keys(), theirs.keys() - ours.keys()
    nameless_agree = all(ours[place] == theirs[place] for place in (ours | theirs).keys() - named)
    return nameless_agree and not adds and len(lacks & named) <= spare


def _stands_for_one_number(language: str, index: int) -> int:
    rule = gettext.c2py(PLURALS[language][1])
    return int(PLURALS[language][0] > 1 and sum(rule(n) == index for n in range(1001)) == 1)


def _ends(text: str) -> tuple[str, str]:
    blank = " \n\t"  # a no-break space before a colon is typography
    return text[: len(text) - len(text.lstrip(blank))], text[len(text.rstrip(blank)) :]


def _listed(words: list[str]) -> str:
    return ", ".join(words) or "(none)"


def catalogue_problems(language: str, catalogue: Catalogue) -> Iterator[tuple[Entry, str]]:
    """Yield each entry that is not right, with what to do."""
    for entry in catalogue.values():
        for problem in problems(language, entry):
            yield entry, problem
