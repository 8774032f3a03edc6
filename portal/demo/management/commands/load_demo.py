"""Command that loads the demo programme."""

from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demo.loader import DemoRefusedError, load_demo


class Command(BaseCommand):
    """The command `manage.py load_demo`: it fills an empty database; the second time it only says so."""

    help = "Load the demo programme into an empty database (only with DEBUG=true)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, and print how much in how many seconds."""
        started = monotonic()
        try:
            loaded = load_demo()
        except DemoRefusedError as refusal:
            raise CommandError(str(refusal)) from refusal
        if loaded is None:
            self.stdout.write("The demo programme is loaded already.")
            return
        self.stdout.write(f"Loaded the demo programme in {monotonic() - started:.1f} s: {loaded}.")
