"""`manage.py import_tool FILE --by EMAIL --name NAME`: a questionnaire version from a table of questions."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from assessments.models import Tool
from assessments.questionnaires.tables import ToolRefused, import_tool, read_questions
from factories.management import active_account, opened
from factories.models import CountryProgramme
from portal.core.country_names import country_code
from portal.core.tables.problems import as_lines


class Command(BaseCommand):
    """The command that creates a questionnaire version. On errors it exits with 1 and changes nothing."""

    help = "Import a questionnaire version from a table (CSV or XLSX) with a row for each question."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="EMAIL", help="who imports: staff of the country")
        parser.add_argument("--name", required=True, help='as the assessment table calls it, such as "Jordan CAT V2"')
        parser.add_argument("--kind", choices=Tool.Kind.values, default=Tool.Kind.CAT)
        parser.add_argument("--country", default="", help="its country; without one it is for all countries")
        parser.add_argument("--tool-version", default="", help="the version as it is shown")

    def handle(
        self, *, file: Path, by: str, name: str, kind: str, country: str, tool_version: str, **_options: object
    ) -> None:
        importer = active_account(by)
        try:
            with opened(file) as table:
                rows = read_questions(table)
            programme = self._programme(country)
            tool = import_tool(by=importer, name=name, kind=kind, programme=programme, version=tool_version, rows=rows)
        except ToolRefused as refused:
            self.stderr.write("\n".join(as_lines(refused.problems.groups())))
            raise CommandError(f"{refused.problems.total} errors. Nothing was imported.") from refused
        except (PermissionDenied, ValidationError) as error:
            texts = error.messages if isinstance(error, ValidationError) else [str(error)]
            raise CommandError(" ".join(texts)) from error
        self.stdout.write(self.style.SUCCESS(f"Imported {tool.name} with {len(rows)} questions."))

    def _programme(self, country: str) -> CountryProgramme | None:
        if not country:
            return None
        found = CountryProgramme.objects.filter(country=country_code(country), is_global=False).first()
        if found is None:
            raise CommandError(f"There is no programme for {country}.")
        return found
