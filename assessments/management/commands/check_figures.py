"""``manage.py check_figures``: compare frozen figures with the answers, and versions with their reports."""

from itertools import chain

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assessments.figures import services

SHOWN = 20


class Command(BaseCommand):
    """The command that compares figures. It exits with 1 if something differs, and names the first assessments."""

    help = "Compare the frozen figures with the answers, and the versions with their reports. --rebuild counts anew."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--rebuild`."""
        parser.add_argument("--rebuild", action="store_true", help="count everything anew")

    def handle(self, *_args: object, rebuild: bool, **_options: object) -> None:
        """Print a line for each difference. Raises `CommandError` if there are any."""
        if rebuild:
            services.freeze(*services.released())
        found = 0
        for sentence in chain(services.differences(), services.stray_versions()):
            found += 1
            if found <= SHOWN:
                self.stderr.write(sentence)
        if found:
            more = f" (the first {SHOWN} are shown)" if found > SHOWN else ""
            raise CommandError(
                f"{found} differences{more}. --rebuild counts anew; a stray version needs its report mended."
            )
        print("The figures agree with the answers, and the versions with their reports: 0 differences.")
