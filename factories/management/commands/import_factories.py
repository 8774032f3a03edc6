"""`manage.py import_factories FILE --by EMAIL`: the import page's work, from a shell."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from factories.imports import import_factories, plan_factories
from factories.management import active_account, opened
from portal.core.tables.problems import as_lines


class Command(BaseCommand):
    """The command that imports factories by their Better Work ID. It exits with 1 and changes nothing on errors."""

    help = "Import factories from a table (CSV or XLSX), all of them or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who imports: staff who enrol there")
        parser.add_argument("--check", action="store_true", help="only say what would be done")

    def handle(self, *, file: Path, by: str, check: bool, **_options: object) -> None:
        importer = active_account(by)
        work = plan_factories if check else import_factories
        try:
            with opened(file) as table:
                plan = work(by=importer, file=table)
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        if plan.problems:
            self.stderr.write("\n".join(as_lines(plan.problems.groups())))
            raise CommandError(f"{plan.problems.total} errors. Nothing was imported.")
        done = "Would import" if check else "Imported"
        self.stdout.write(f"{done}: {len(plan.new)} new, {len(plan.changes)} changed, {plan.unchanged} unchanged.")
