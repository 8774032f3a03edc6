"""Prove that nothing in the sealed ledger was altered, removed or slipped in."""

from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.ledger.roots import BadRootsError, Roots, read_roots
from portal.core.ledger.verifying import verify_ledger
from portal.core.signing import configured_keys


class Command(BaseCommand):
    """Exit code 0: everything is as it was sealed. 1: something is not; the first bad row of each table is named."""

    help = "Verify the sealed ledger: every row, root and signature; with --roots also against a copy kept elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """The copy of the roots."""
        parser.add_argument("--roots", metavar="FILE", help="a copy made by export_ledger_roots, or downloaded")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, and say what was found."""
        roots = self._copy(options["roots"]) if options["roots"] else None
        started = perf_counter()
        verdict = verify_ledger(roots)
        seconds = perf_counter() - started
        if verdict.problems:
            raise CommandError("\n".join(["The ledger is not as it was sealed:", *map(str, verdict.problems)]))
        rate = verdict.rows / seconds if seconds else 0
        self.stdout.write(
            f"Intact: {verdict.seals:,} seals over {verdict.rows:,} rows verified in {seconds:.1f} s "
            f"({rate:,.0f} rows/s); {verdict.unsealed:,} newer rows wait for the next seal."
        )
        if roots:
            self.stdout.write(f"All {len(roots.digests):,} seals of the copy are in it, unchanged.")

    def _copy(self, name: str) -> Roots:
        try:
            with Path(name).open(encoding="utf-8") as lines:
                return read_roots(lines, configured_keys())
        except (OSError, UnicodeDecodeError, BadRootsError) as error:
            raise CommandError(f"{name}: {error}") from error
