"""Command that checks whether everything that the portal needs is there, and works together."""

from time import monotonic, sleep

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.health.checks import answer, installation


class Command(BaseCommand):
    """A command that runs every check of `portal.core.health.checks`, one line each."""

    help = (
        "Check database, migrations, rights, broker, shared state folder, worker, beat, mail, scans and secrets. "
        "Run it as the user and with the environment of the web process. Exits 1 when something is wrong."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how long to wait for processes that were started just now."""
        parser.add_argument("--wait", type=int, default=0, metavar="SECONDS", help="ask again until all is well")

    def handle(self, *args: object, wait: int, **options: object) -> None:
        """Print what was found; for what is wrong, what to do."""
        until = monotonic() + wait
        while True:
            answers = [(check.name, *answer(check)) for check in installation]
            wrong = sum(not is_well for _name, is_well, _sentence in answers)
            if not wrong or monotonic() >= until:
                break
            sleep(1)
        for name, is_well, sentence in answers:
            self.stdout.write(f"{'ok   ' if is_well else 'WRONG'}  {name}: {sentence}")
        if wrong:
            raise CommandError(f"{wrong} of {len(answers)} checks found something wrong.")
