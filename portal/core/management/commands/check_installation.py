"""Whether everything that the portal needs is there, and works together."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.health.checks import answer, installation


class Command(BaseCommand):
    """Asks every question of `portal.core.health.checks`, one line each."""

    help = (
        "Check database, migrations, rights, broker, shared state folder, worker, beat, mail, scans and secrets. "
        "Run it as the user and with the environment of the web process. Exits 1 when something is wrong."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was found; for what is wrong, what to do."""
        wrong = 0
        for check in installation:
            is_well, sentence = answer(check)
            wrong += not is_well
            self.stdout.write(f"{'ok   ' if is_well else 'WRONG'}  {check.name}: {sentence}")
        if wrong:
            raise CommandError(f"{wrong} of {len(installation)} checks found something wrong.")
