"""``manage.py check_sharing``: compare the index of visibility with its sources; with ``--rebuild`` rebuild it."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sharing.visibility import comparing as visibility_index


class Command(BaseCommand):
    """The command, which exits with 1 where the index differs from the grants and reports."""

    help = "Compare the index of what brands may see with grants and reports. --rebuild creates it again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--rebuild`, which works as the owner of the tables."""
        parser.add_argument("--rebuild", action="store_true", help="rebuild the index (needs DATABASE_OWNER_URL)")

    def handle(self, *_args: object, rebuild: bool, **_options: object) -> None:
        """Print the number of differences. Raises `CommandError` where there are any."""
        if rebuild:
            visibility_index.rebuild()
        lacks, surplus = visibility_index.compare()
        if lacks or surplus:
            raise CommandError(
                f"The index of visibility lacks {lacks} rows and has {surplus} too many. Nothing leaks by it, but "
                "lists may be short. Run manage.py check_sharing --rebuild, and find out who wrote around the triggers."
            )
        print("The index of visibility agrees with its sources: 0 differences.")
