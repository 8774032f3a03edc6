"""Command that seals what happened since the last seal; beat does it every ten minutes."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.ledger.sealing import LedgerRefusedError, accept_database, seal_new_rows


class Command(BaseCommand):
    """A command that is safe to run at any time, even several times at once."""

    help = "Publish the root of each day that has ended, and seal the new rows of the ledger's tables."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option for use after a restore."""
        parser.add_argument(
            "--accept-database",
            action="store_true",
            help="continue from the database's content although it differs from what the portal remembers, as after "
            "a restore from a backup; this is recorded as an event",
        )

    def handle(self, *args: object, **options: object) -> None:
        """Seal, and print how much."""
        try:
            made = accept_database() if options["accept_database"] else seal_new_rows()
        except LedgerRefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(made)} seals over {sum(seal.rows for seal in made):,} rows.")
