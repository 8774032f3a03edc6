"""A catalogue: its entries, and the two files that keep it, `.po` for people and `.mo` for the portal.

The same entries give the same files: no dates, no line numbers, one order.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polib

CONTEXT_END = "\x04"
RIGHT_TO_LEFT = {"ar"}
TAG_OR_PLACE = re.compile(r"<[^>]*>|%%|(?P<place>%(?:\(\w+\))?[sd]|\{\w*\})")
PLURALS = {  # how many forms a count has, and which one `n` takes (Unicode CLDR, cardinal rules)
    "en": (2, "(n != 1)"),  # the texts of Django and allauth that we say in our own words
    "km": (1, "0"),
    "vi": (1, "0"),
    "bn": (2, "(n > 1)"),
    "id": (1, "0"),
    "ar": (6, "n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5"),
    "fr": (2, "(n > 1)"),
    "es": (2, "(n != 1)"),
}


@dataclass(frozen=True)
class Entry:
    """One text of the sources and what it is in one language: one form, or one for each kind of count."""

    msgid: str
    plural: str = ""
    context: str = ""
    files: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What names the text in a catalogue: its context, if it has one, and its words."""
        return f"{self.context}{CONTEXT_END}{self.msgid}" if self.context else self.msgid

    @property
    def is_translated(self) -> bool:
        """Every form has words."""
        return bool(self.forms) and all(self.forms)


Catalogue = dict[str, Entry]


def by_key(entries: Iterable[Entry]) -> Catalogue:
    """Return the entries in the order of the files: by context, then by their words."""
    return {entry.key: entry for entry in sorted(entries, key=lambda entry: (entry.context, entry.msgid))}


def merged(language: str, sources: Catalogue, old: Catalogue) -> Catalogue:
    """Return the texts of `sources` with the translations of `old`; a translation of other words is not kept."""
    count = PLURALS[language][0]
    result = []
    for key, entry in sources.items():
        forms = old[key].forms if key in old and old[key].plural == entry.plural else ()
        wanted = count if entry.plural else 1
        result.append(with_forms(entry, forms if len(forms) == wanted else ("",) * wanted))
    return by_key(result)


def with_forms(entry: Entry, forms: tuple[str, ...]) -> Entry:
    """Return the same text, translated by `forms`."""
    return Entry(entry.msgid, entry.plural, entry.context, entry.files, entry.comments, forms)


# --- .po ---------------------------------------------------------------------------------------------------------


def read_catalogue(path: Path) -> Catalogue:
    """Return the entries of a `.po` file, none where there is no file. What is fuzzy counts as not translated."""
    if not path.exists():
        return {}
    return by_key(_from_file(entry) for entry in polib.pofile(str(path), encoding="utf-8"))


def _from_file(entry: polib.POEntry) -> Entry:
    forms = tuple(entry.msgstr_plural[index] for index in sorted(entry.msgstr_plural)) or (entry.msgstr,)
    return Entry(
        msgid=entry.msgid,
        plural=entry.msgid_plural,
        context=entry.msgctxt or "",
        files=tuple(name for name, _line in entry.occurrences),
        comments=tuple(entry.comment.splitlines()),
        forms=("",) * len(forms) if entry.fuzzy else forms,
    )


def po_file(language: str, catalogue: Catalogue) -> polib.POFile:
    """Return the file of a catalogue: `str` is its text, `to_binary` the compiled form of what is translated."""
    count, rule = PLURALS[language]
    file = polib.POFile(wrapwidth=118)
    file.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": f"nplurals={count}; plural={rule};",
    }
    file.extend(_to_file(entry) for entry in catalogue.values())
    return file


def _to_file(entry: Entry) -> polib.POEntry:
    words = {"msgstr_plural": dict(enumerate(entry.forms))} if entry.plural else {"msgstr": entry.forms[0]}
    return polib.POEntry(
        msgid=entry.msgid,
        msgid_plural=entry.plural,
        msgctxt=entry.context or None,
        comment="\n".join(entry.comments),
        occurrences=[(name, "") for name in entry.files],
        **words,
    )


# --- .mo ---------------------------------------------------------------------------------------------------------


def compiled(language: str, catalogue: Catalogue) -> bytes:
    """Return the `.mo` file of a catalogue: what is translated."""
    entries = [entry for entry in catalogue.values() if entry.is_translated]
    if language in RIGHT_TO_LEFT:
        entries = [with_forms(entry, tuple(map(_isolated, entry.forms))) for entry in entries]
    return bytes(po_file(language, by_key(entries)).to_binary())


def _isolated(form: str) -> str:
    """Let what fills a placeholder keep its own direction: "Loom Co., Ltd." is not torn apart by the Arabic around it.

    The marks are U+2068 and U+2069, as in Unicode's MessageFormat; attributes of tags stay without.
    """
    return TAG_OR_PLACE.sub(lambda found: f"\u2068{found[0]}\u2069" if found["place"] else found[0], form)
