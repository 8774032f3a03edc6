"""Command that writes out the published roots of the ledger, to be kept elsewhere."""

from datetime import date

from django.core.management.base import BaseCommand, CommandParser

from portal.ledger.roots import export_roots


class Command(BaseCommand):
    """A command that writes lines of JSON to standard output: the keys, then one day a line."""

    help = "Write the ledger's daily roots to standard output. They hold nothing about anybody's data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the day to begin after."""
        parser.add_argument(
            "--after", type=date.fromisoformat, metavar="YYYY-MM-DD", help="leave out the days up to this one"
        )

    def handle(self, *args: object, after: date | None, **options: object) -> None:
        """Write them."""
        for line in export_roots(after):
            self.stdout.write(line, ending="")
