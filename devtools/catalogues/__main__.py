"""The translations of the pages: `./dev catalogues` updates, checks, hands out, takes back and compiles them."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from devtools.catalogues.compiling import compile_catalogues
from devtools.catalogues.entries import PLURALS


class Refusal(Exception):
    """What was asked cannot be done; the message says why."""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    found = argparse.ArgumentParser(
        prog="dev catalogues",
        description="Without options: extract the texts, merge them into the catalogues, compile these.",
    )
    found.add_argument("languages", nargs="*", metavar="LANG", help=f"of {', '.join(PLURALS)}")
    found.add_argument("--compile", action="store_true", help="only compile what is missing or old")
    found.add_argument("--check", action="store_true", help="change nothing; fail where a catalogue is not right")
    found.add_argument("--untranslated", metavar="LANG", help="print as JSON what is still to translate")
    found.add_argument("--limit", type=int, default=100, help="print at most so many")
    found.add_argument("--offset", type=int, default=0, help="leave out so many first")
    found.add_argument("--fill", nargs=2, metavar=("LANG", "FILE"), help="take {key: text or [forms]} from JSON")
    rename = "keep the translations of a text whose English alone changed in the sources"
    found.add_argument("--rename", nargs=2, metavar=("OLD", "NEW"), help=rename)
    return found


def run(words: Sequence[str]) -> None:
    """Do what the words ask. Raises `Refusal`."""
    options = parser().parse_args(words)
    if options.compile:
        print(f"Compiled: {', '.join(compile_catalogues()) or 'nothing was old'}.")
        return
    named = [*options.languages, options.untranslated, (options.fill or [None])[0]]
    for language in filter(None, named):
        if language not in PLURALS:
            raise Refusal(f"There is no catalogue {language!r}; there are {', '.join(PLURALS)}.")
    if options.fill:
        fill(options.fill[0], Path(options.fill[1]))
    elif options.rename:
        rename(options.languages, *options.rename)
    elif options.untranslated:
        print_untranslated(options.untranslated, options.offset, options.limit)
    elif options.check:
        check(options.languages)
    else:
        update(options.languages or list(PLURALS))


def update(languages: Sequence[str]) -> None:
    """Bring catalogues up to date with the sources."""
    from devtools.catalogues import files

    for language in languages:
        catalogue = files.fresh(language)
        files.save(language, catalogue)
        waiting = sum(not entry.is_translated for entry in catalogue.values())
        print(f"{language}: {len(catalogue)} texts, {waiting} to translate")


def check(languages: Sequence[str]) -> None:
    """Refuse catalogues (of the languages offered, where none is named) that are not complete, right and up to date."""
    from django.conf import settings

    from devtools.catalogues import files

    chosen = languages or [code for code, _name in settings.LANGUAGES if code in PLURALS]
    faults = [fault for language in chosen for fault in files.faults(language)]
    for fault in faults:
        print(fault)
    if faults:
        raise Refusal(f"{len(faults)} faults in the catalogues.")
    print(f"The catalogues are complete and up to date: {', '.join(chosen) or 'none is offered'}.")


def print_untranslated(language: str, offset: int, limit: int) -> None:
    """Print what a translator has yet to translate, as JSON."""
    from devtools.catalogues import files

    print(json.dumps(files.to_translate(language)[offset : offset + limit], ensure_ascii=False, indent=1))


def fill(language: str, path: Path) -> None:
    """Take translations from a file of JSON. Raises `Refusal` where some were wrong; the others are saved."""
    from devtools.catalogues import files

    given = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(given, dict):
        raise Refusal("The file must hold one JSON object: {key: text or [forms]}.")
    refused = files.fill(language, given)
    for line in refused:
        print(line, file=sys.stderr)
    print(f"{language}: {len(files.to_translate(language))} still to translate")
    if refused:
        raise Refusal(f"{len(refused)} refused, the others are saved.")


def rename(languages: Sequence[str], old: str, new: str) -> None:
    """Keep the translations (in all languages, where none is named) of a text whose English alone changed.

    They are printed, to be read once more. Raises `Refusal` where some could not be kept: those files are as they were.
    """
    from devtools.catalogues import files
    from devtools.catalogues.sources import SOURCE

    refused, languages = 0, languages or [code for code in PLURALS if code != SOURCE]
    for language in languages:
        problem = files.rename(language, old, new)
        refused += bool(problem)
        if problem:
            print(f"{language}: {problem}", file=sys.stderr)
        else:
            print(f"{language}: {' | '.join(files.fresh(language)[new].forms)}")
    if refused:
        raise Refusal(f"Not renamed in {refused} of {len(languages)} languages.")
    print("Read them: does each still say the same? Otherwise --fill it. Then run `./dev catalogues`.")


if __name__ == "__main__":
    if "--compile" not in sys.argv[1:]:
        import django

        django.setup()
    try:
        run(sys.argv[1:])
    except Refusal as refusal:
        sys.exit(f"dev catalogues: {refusal}")
