"""The translations of the pages: update, check, hand out and take back."""

import json
from argparse import FileType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.catalogues import files
from portal.core.catalogues.entries import PLURALS


class Command(BaseCommand):
    """Without options: extract the texts, merge them into `portal/locale/*/LC_MESSAGES/django.po`, compile."""

    help = (
        "Extract the translatable texts, merge them into the catalogues and compile these. "
        "With --check: change nothing, and fail where a catalogue is not complete, right and up to date."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and for which languages."""
        parser.add_argument("languages", nargs="*", metavar="LANG", help=f"of {', '.join(PLURALS)}")
        parser.add_argument("--check", action="store_true", help="of the languages offered, or those named")
        parser.add_argument("--untranslated", metavar="LANG", help="print as JSON what is still to translate")
        parser.add_argument("--limit", type=int, default=100, help="print at most so many")
        parser.add_argument("--offset", type=int, default=0, help="leave out so many first")
        parser.add_argument("--fill", nargs=2, metavar=("LANG", "FILE"), help="take {key: text or [forms]} from JSON")

    def handle(self, *args: Any, languages: list[str], **options: Any) -> None:
        """One of the four."""
        named = [*languages, options["untranslated"], (options["fill"] or [None])[0]]
        for language in filter(None, named):
            if language not in PLURALS:
                raise CommandError(f"There is no catalogue {language!r}; there are {', '.join(PLURALS)}.")
        if options["fill"]:
            self._fill(*options["fill"])
        elif options["untranslated"]:
            self._print_untranslated(options["untranslated"], options["offset"], options["limit"])
        elif options["check"]:
            self._check(languages or [code for code, _name in settings.LANGUAGES if code in PLURALS])
        else:
            self._update(languages or list(PLURALS))

    def _update(self, languages: list[str]) -> None:
        for language in languages:
            catalogue = files.fresh(language)
            files.save(language, catalogue)
            waiting = sum(not entry.is_translated for entry in catalogue.values())
            self.stdout.write(f"{language}: {len(catalogue)} texts, {waiting} to translate")

    def _check(self, languages: list[str]) -> None:
        faults = [fault for language in languages for fault in files.faults(language)]
        for fault in faults:
            self.stdout.write(fault)
        if faults:
            raise CommandError(f"{len(faults)} faults in the catalogues.")
        self.stdout.write(f"The catalogues are complete and up to date: {', '.join(languages) or 'none is offered'}.")

    def _print_untranslated(self, language: str, offset: int, limit: int) -> None:
        chosen = files.to_translate(language)[offset : offset + limit]
        self.stdout.write(json.dumps(chosen, ensure_ascii=False, indent=1))

    def _fill(self, language: str, path: str) -> None:
        with FileType(encoding="utf-8")(path) as file:
            given = json.load(file)
        if not isinstance(given, dict):
            raise CommandError("The file must hold one JSON object: {key: text or [forms]}.")
        refused = files.fill(language, given)
        for line in refused:
            self.stderr.write(line)
        self.stdout.write(f"{language}: {len(files.to_translate(language))} still to translate")
        if refused:
            raise CommandError(f"{len(refused)} refused, the others are saved.")
