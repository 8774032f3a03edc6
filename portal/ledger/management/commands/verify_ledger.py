"""Command that proves that nothing in the sealed ledger was altered, removed or inserted."""

from pathlib import Path
from time import perf_counter

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.signing import configured_keys
from portal.ledger.remembering import place
from portal.ledger.roots import BadRootsError, Roots, configured_copies, read_file
from portal.ledger.verifying import Verdict, verify_ledger


class Command(BaseCommand):
    """A command with exit code 0 where everything is as it was sealed, else 1; it names each table's first bad row."""

    help = (
        "Verify the sealed ledger: every row, root, signature, receipt and scan, against what is remembered outside "
        "the database, against the copies of the roots in LEDGER_ROOTS_DIR, and against those named with --roots."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for further copies of the roots."""
        parser.add_argument(
            "--roots", action="append", default=[], metavar="FILE", help="a copy made by export_ledger_roots"
        )

    def handle(self, *args: object, roots: list[str], **options: object) -> None:
        """Verify, and print what was found."""
        copies = self._copies(roots)
        started = perf_counter()
        verdict = verify_ledger(list(copies.values()))
        seconds = perf_counter() - started
        if verdict.problems:
            raise CommandError("\n".join(["The ledger is not as it was sealed:", *map(str, verdict.problems)]))
        rate = verdict.rows / seconds if seconds else 0
        self.stdout.write(
            f"Intact: {verdict.seals:,} seals over {verdict.rows:,} rows verified in {seconds:.1f} s "
            f"({rate:,.0f} rows/s); {verdict.unsealed:,} newer rows wait for the next seal."
        )
        self.stdout.write(self._remembered(verdict))
        for path, copy in copies.items():
            self.stdout.write(f"All {len(copy.digests):,} days of {path} are in it, unchanged.")
        if not copies:
            self.stdout.write(
                "No copy of its roots was compared: set LEDGER_ROOTS_DIR, or use --roots. Without one, somebody with "
                "the signing key and this machine's files could have written all of it anew."
            )

    def _remembered(self, verdict: Verdict) -> str:
        if verdict.memory is None:
            return f"Nothing is remembered outside the database ({place()}); the next seal writes it."
        return f"Seal {verdict.memory.seal}, remembered outside the database, is in it, unchanged."

    def _copies(self, named: list[str]) -> dict[Path, Roots]:
        try:
            return {path: read_file(path, configured_keys()) for path in [*configured_copies(), *map(Path, named)]}
        except BadRootsError as error:
            raise CommandError(str(error)) from error
