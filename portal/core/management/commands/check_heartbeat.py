"""Command that checks whether the worker or beat of this machine lives: the health check of their containers."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.health.heartbeats import STALE_AFTER, alive_here


class Command(BaseCommand):
    """A command that looks for a recent heartbeat of one kind of process with this host name."""

    help = "Exit with 1 unless a worker, or beat, on this host wrote a heartbeat in the last 90 seconds."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the kind of process."""
        parser.add_argument("process", choices=["worker", "beat"])

    def handle(self, *args: object, process: str, **options: object) -> None:
        """Print when the process lives. Raises `CommandError` where it does not."""
        if not alive_here(process).exists():
            seconds = int(STALE_AFTER.total_seconds())
            raise CommandError(f"No {process} on this host wrote a heartbeat in the last {seconds} seconds.")
        self.stdout.write(f"A {process} on this host is running.")
