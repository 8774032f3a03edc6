"""`manage.py import_assessments FILE --by EMAIL [--create [--step1]] [--count-as-nc]`: the upload page from a shell."""

from argparse import ArgumentParser
from pathlib import Path
from typing import cast
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files import File
from django.core.management.base import BaseCommand, CommandError

from assessments.imports.models import ImportBatch
from assessments.imports.services import confirm_import, discard_import, start_import
from assessments.imports.words import summary
from factories.management import active_account, opened
from portal.accounts.models import User
from portal.core.jobs import run
from portal.core.models import Job
from portal.core.tables import Group
from portal.core.tables.problems import as_lines


class Command(BaseCommand):
    """The command that checks a table, says what it would do, and does it. Errors: exit code 1, and nothing changes."""

    help = "Import the programme's long table (CSV or XLSX), all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who imports: staff of the table's countries")
        parser.add_argument("--create", action="store_true", help="create what this table names and the portal lacks")
        parser.add_argument(
            "--step1",
            action="store_true",
            help="with --create: the NC questions of new questionnaires belong to Step 1, and brands with Step 1 data "
            "read each of them; without it they read none (a questionnaire in use cannot be changed later)",
        )
        parser.add_argument("--count-as-nc", action="store_true", help="question types besides NC and FGW are NC")
        parser.add_argument("--check", action="store_true", help="only say what would be done")

    def handle(
        self, *, file: Path, by: str, create: bool, step1: bool, count_as_nc: bool, check: bool, **_options: object
    ) -> None:
        importer = active_account(by)
        try:
            batch = self._checked(importer, file)
            asks = [
                f"With {option}, {effect}."
                for option, effect, fact, is_given in (
                    ("--create", "what is listed above is created first", "creates", create),
                    ("--count-as-nc", "these rows count as NC questions", "types", count_as_nc),
                )
                if batch.plan.get(fact) and not is_given
            ]
            if self._is_wanted(importer, batch, asks, check=check):
                decisions = {"create_missing": create, "treat_as_step1": step1, "count_as_nc": count_as_nc}
                self._run(confirm_import(by=importer, batch=batch, **decisions))
                self.stdout.write(self.style.SUCCESS("Imported."))
        except PermissionDenied as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def _checked(self, by: User, path: Path) -> ImportBatch:
        with opened(path) as file:
            batch = start_import(by=by, upload=File(file, name=path.name))
        return self._run(batch)

    def _run(self, batch: ImportBatch) -> ImportBatch:
        """Run the batch's job here; it does no harm if a worker was quicker, because the job has one owner."""
        run(cast(UUID, batch.job_id))
        job = Job.objects.get(pk=str(batch.job_id))
        batch.refresh_from_db()
        if job.state != Job.State.DONE:
            raise CommandError(job.error_in_words or f"The job {job.pk} is {job.state}; look at it in the portal.")
        return batch

    def _is_wanted(self, by: User, batch: ImportBatch, asks: list[str], *, check: bool) -> bool:
        """Say what would be done, and return whether to do it; if not, discard the upload.

        `asks` names the options that are missing, each with what it does.
        """
        if batch.state == ImportBatch.State.REFUSED:
            groups = [Group.read(group) for group in batch.plan["groups"]]
            self.stderr.write("\n".join(as_lines(groups)))
            self.stderr.write(f"{batch.plan['problems']} errors.")
            discard_import(by=by, batch=batch)
            raise CommandError("Nothing was imported.")
        for line in summary(batch.plan):
            self.stdout.write(line)
        if not check and not asks:
            return True
        discard_import(by=by, batch=batch)
        if not check:
            raise CommandError(" ".join(["Nothing was imported.", *asks]))
        return False
