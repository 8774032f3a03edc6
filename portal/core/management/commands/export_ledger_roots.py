"""Write out the signed roots of the ledger, to be kept elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.core.ledger.roots import export_roots


class Command(BaseCommand):
    """Lines of JSON on standard output: the keys, then one seal a line."""

    help = "Write the signed roots of the ledger to standard output. They hold nothing about anybody's data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to begin."""
        parser.add_argument("--after", type=int, default=0, metavar="NUMBER", help="leave out the seals up to this one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write them."""
        for line in export_roots(options["after"]):
            self.stdout.write(line, ending="")
