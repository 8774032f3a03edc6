"""Command for the part of Bootstrap that the pages use."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import stylesheets


class Command(BaseCommand):
    """A command that writes it anew, or checks it."""

    help = "Take from Bootstrap the rules that our pages use (portal/core/stylesheets.py)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice between writing and checking."""
        parser.add_argument("--check", action="store_true", help="change nothing, and fail where a file is old")

    def handle(self, *args: object, check: bool, **options: object) -> None:
        """Write or check both directions of writing."""
        for vendor_name, name in stylesheets.FILES.items():
            path, css = stylesheets.BUILT / name, stylesheets.built(vendor_name)
            if not check:
                path.write_text(css)
            elif not path.exists() or path.read_text() != css:
                raise CommandError(f"{name} is not what the pages use now: run `./dev manage stylesheets`.")
            self.stdout.write(f"{name}: {len(css)} bytes of CSS")
