"""The catalogues of this checkout: where they are, whether they are up to date, and how they are written."""

import json
from collections.abc import Iterator
from typing import Any

from devtools.catalogues.checks import catalogue_problems, problems
from devtools.catalogues.compiling import po_path
from devtools.catalogues.entries import (
    PLURALS,
    Catalogue,
    by_key,
    compiled,
    merged,
    po_file,
    read_catalogue,
    with_forms,
)
from devtools.catalogues.known import filled
from devtools.catalogues.sources import ROOT, texts_of


def fresh(language: str) -> Catalogue:
    """Return what the catalogue of `language` should be now: the texts of the sources, translated as it has them."""
    return filled(language, merged(language, texts_of(language), read_catalogue(po_path(language))))


def save(language: str, catalogue: Catalogue) -> None:
    """Write `.po` and `.mo`."""
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(po_file(language, catalogue)))
    path.with_suffix(".mo").write_bytes(compiled(language, catalogue))


def faults(language: str) -> Iterator[str]:
    """Yield what keeps `language` from being offered, a sentence each: file, text, and what to do."""
    catalogue, path = fresh(language), po_path(language)
    name = path.relative_to(ROOT).as_posix()
    if not path.exists() or path.read_text() != str(po_file(language, catalogue)):
        yield f"{name}: not up to date with the sources: run `./dev catalogues {language}`"
    for entry, problem in catalogue_problems(language, catalogue):
        yield f"{name}: {json.dumps(entry.key, ensure_ascii=False)} ({', '.join(entry.files)}): {problem}"


def to_translate(language: str) -> list[dict[str, Any]]:
    """Return what is not translated yet, file by file, as a translator needs it."""
    waiting = [entry for entry in fresh(language).values() if not entry.is_translated]
    count = PLURALS[language][0]
    return [
        {
            "key": entry.key,
            **({"plural": entry.plural, "forms": count} if entry.plural else {}),
            **({"context": entry.context} if entry.context else {}),
            **({"comments": list(entry.comments)} if entry.comments else {}),
            "files": list(entry.files),
        }
        for entry in sorted(waiting, key=lambda entry: (entry.files, entry.key))
    ]


def fill(language: str, given: dict[str, Any]) -> list[str]:
    """Take translations by key (a text, or a list of its plural forms) and save those that are right.

    Returns what was refused, a sentence each.
    """
    catalogue, refused = fresh(language), []
    for key, value in given.items():
        if key not in catalogue:
            refused.append(f"{key!r}: no such text in the sources; take keys from --untranslated")
            continue
        entry = with_forms(catalogue[key], _forms(value))
        found = list(problems(language, entry))
        refused += [f"{key!r}: {problem}" for problem in found]
        if not found:
            catalogue[key] = entry
    save(language, catalogue)
    return refused


def rename(language: str, old: str, new: str) -> str:
    """Give the text `new` of the sources the translation of `old`, where the English words alone changed.

    The rest of the file stays as it is, so that texts can be renamed one after the other. Returns why it was refused,
    a sentence; empty if it was done.
    """
    sources, catalogue = texts_of(language), read_catalogue(po_path(language))
    if new not in sources:
        return f"{new!r}: no such text in the sources; change them first"
    if old not in catalogue:
        return f"{old!r}: no such text in the catalogue; rename before `./dev catalogues` drops it"
    if new in catalogue and catalogue[new].is_translated:
        return f"{new!r}: it has a translation already"
    entry = with_forms(sources[new], catalogue[old].forms)
    found = list(problems(language, entry))
    if found:
        return f"{new!r}: {'; '.join(found)}"
    kept = [one for key, one in catalogue.items() if key not in {new, *({old} - sources.keys())}]
    save(language, by_key([*kept, entry]))
    return ""


def _forms(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(form) for form in value)
    return (str(value),) if isinstance(value, str) else ()
