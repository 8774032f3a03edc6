"""``manage.py check_roles``: compare the flattened roles with their sources; with ``--rebuild`` make them anew."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts import role_index


class Command(BaseCommand):
    """A command that exits with 1 where the index differs from django-guardian's tables."""

    help = "Compare the index of roles with who is in which group and what groups may do. --rebuild makes it anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--rebuild`, which works as the owner of the tables."""
        parser.add_argument("--rebuild", action="store_true", help="make the index anew (needs DATABASE_OWNER_URL)")

    def handle(self, *_args: object, rebuild: bool, **_options: object) -> None:
        """Print the number of differences. Raises `CommandError` where there are any."""
        if rebuild:
            role_index.rebuild()
        lacks, surplus = role_index.compare()
        if lacks or surplus:
            raise CommandError(
                f"The index of roles lacks {lacks} rows and has {surplus} too many. "
                "Run manage.py check_roles --rebuild, and find out who wrote around the triggers."
            )
        print("The index of roles agrees with its sources: 0 differences.")
