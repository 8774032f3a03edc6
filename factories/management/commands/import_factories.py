"""`manage.py import_factories FILE --by EMAIL`: the import page's work, from a shell."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from factories.imports import import_factories, plan_factories
from portal.accounts.models import User
from portal.core.tables.problems import told


class Command(BaseCommand):
    """The command that imports factories by their Better Work ID. It exits with 1 and changes nothing on errors."""

    help = "Import factories from a table (CSV or XLSX), all of them or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who imports: staff who enrol there")
        parser.add_argument("--check", action="store_true", help="only say what would be done")

    def handle(self, *args: object, **options: Any) -> None:
        by = User.objects.filter(email__iexact=options["by"], is_active=True).first()
        if by is None:
            raise CommandError(f"There is no active account {options['by']}.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        work = plan_factories if options["check"] else import_factories
        try:
            with options["file"].open("rb") as file:
                plan = work(by=by, file=file)
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        if plan.problems:
            self.stderr.write("\n".join(told(plan.problems.groups())))
            raise CommandError(f"{plan.problems.total} errors. Nothing was imported.")
        done = "Would import" if options["check"] else "Imported"
        self.stdout.write(f"{done}: {len(plan.new)} new, {len(plan.changes)} changed, {plan.unchanged} unchanged.")
