"""A catalogue: its entries, and the two files that keep it, `.po` for people and `.mo` for the portal.

Both files are written the same way from the same entries, byte by byte: no dates, no line numbers, one order.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import normalize, read_po

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
    """The entries in the order of the files: by context, then by their words."""
    return {entry.key: entry for entry in sorted(entries, key=lambda entry: (entry.context, entry.msgid))}


def merged(language: str, sources: Catalogue, old: Catalogue) -> Catalogue:
    """The texts of `sources` with the translations of `old`; a translation of other words is not kept."""
    count = PLURALS[language][0]
    result = []
    for key, entry in sources.items():
        forms = old[key].forms if key in old and old[key].plural == entry.plural else ()
        wanted = count if entry.plural else 1
        result.append(with_forms(entry, forms if len(forms) == wanted else ("",) * wanted))
    return by_key(result)


def with_forms(entry: Entry, forms: tuple[str, ...]) -> Entry:
    """The same text, translated by `forms`."""
    return Entry(entry.msgid, entry.plural, entry.context, entry.files, entry.comments, forms)


# --- .po ---------------------------------------------------------------------------------------------------------


def read_catalogue(path: Path, language: str) -> Catalogue:
    """The entries of a `.po` file; none where there is no file. What is marked fuzzy counts as not translated."""
    if not path.exists():
        return {}
    entries = []
    for message in read_po(BytesIO(path.read_bytes()), locale=language):
        if not message.id:
            continue
        singular, plural = (message.id, "") if isinstance(message.id, str) else message.id
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        entries.append(
            Entry(
                msgid=singular,
                plural=plural,
                context=message.context or "",
                files=tuple(name for name, _ in message.locations),
                comments=tuple(message.auto_comments),
                forms=("",) * len(forms) if message.fuzzy else forms,
            )
        )
    return by_key(entries)


def _header(language: str) -> str:
    count, rule = PLURALS[language]
    return (
        f"Language: {language}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        f"Content-Transfer-Encoding: 8bit\nPlural-Forms: nplurals={count}; plural={rule};\n"
    )


def _po_entry(entry: Entry) -> str:
    lines = [f"#. {line}" for line in entry.comments]
    lines += [f"#: {name}" for name in entry.files]
    if entry.context:
        lines.append(f"msgctxt {normalize(entry.context, width=116)}")
    lines.append(f"msgid {normalize(entry.msgid, width=116)}")
    if entry.plural:
        lines.append(f"msgid_plural {normalize(entry.plural, width=116)}")
        lines += [f"msgstr[{index}] {normalize(form, width=116)}" for index, form in enumerate(entry.forms)]
    else:
        lines.append(f"msgstr {normalize(entry.forms[0], width=116)}")
    return "\n".join(lines)


def po_text(language: str, catalogue: Catalogue) -> str:
    """The `.po` file of a catalogue."""
    head = f'msgid ""\nmsgstr {normalize(_header(language), width=116)}'
    return "\n\n".join([head, *(_po_entry(entry) for entry in catalogue.values())]) + "\n"


# --- .mo ---------------------------------------------------------------------------------------------------------


def mo_bytes(language: str, catalogue: Catalogue) -> bytes:
    """The `.mo` file of a catalogue (GNU gettext's format, little endian, no hash table): what is translated."""
    pairs = {"": _header(language)}
    for entry in catalogue.values():
        if entry.is_translated:
            key = f"{entry.key}\x00{entry.plural}" if entry.plural else entry.key
            forms = map(_isolated, entry.forms) if language in RIGHT_TO_LEFT else entry.forms
            pairs[key] = "\x00".join(forms)
    keys = sorted(pairs, key=str.encode)
    ids, texts = [key.encode() for key in keys], [pairs[key].encode() for key in keys]
    start = 28 + 16 * len(keys)
    id_table, after = _places(ids, start)
    text_table, _ = _places(texts, after)
    header = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 28 + 16 * len(keys))
    return header + id_table + text_table + b"".join(text + b"\x00" for text in ids + texts)


def _isolated(form: str) -> str:
    """What fills a placeholder keeps its own direction: "Loom Co., Ltd." is not torn apart by the Arabic around it.

    The marks are U+2068 and U+2069, as in Unicode's MessageFormat; attributes of tags stay without.
    """
    return TAG_OR_PLACE.sub(lambda found: f"\u2068{found[0]}\u2069" if found["place"] else found[0], form)


def _places(texts: list[bytes], start: int) -> tuple[bytes, int]:
    table = b""
    for text in texts:
        table += struct.pack("<2I", len(text), start)
        start += len(text) + 1
    return table, start
