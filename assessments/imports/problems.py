"""What is wrong with an uploaded table, gathered while it is read."""

from django.utils.translation import gettext as _

from assessments.models.imports import ImportBatch, ImportProblem
from portal.core.tables import Problem, TableError

MOST = 10_000  # more than this tells nobody more


class TooManyProblems(Exception):  # noqa: N818 - ends the reading
    """So many that reading on is pointless."""


class Problems(list[Problem]):
    """The problems of one table."""

    def add(self, row: int | None, column: str, value: str, message: str) -> None:
        """Note one. Raises `TooManyProblems` past `MOST`."""
        if len(self) >= MOST:
            raise TooManyProblems
        self.append(Problem(row, column, value[:200], message[:600]))

    def end_with(self, error: TableError) -> None:
        """Note the error that ended the reading, even past `MOST`."""
        self.append(Problem(error.row, error.column, "", error.message[:600]))

    def store(self, batch: ImportBatch) -> None:
        """Replace what was known to be wrong with `batch`."""
        ImportProblem.objects.filter(batch=batch).delete()
        ordered = sorted(self, key=lambda problem: (problem.row or 0, problem.column))
        ImportProblem.objects.bulk_create(
            (ImportProblem(batch=batch, row=p.row, column=p.column, value=p.value, message=p.message) for p in ordered),
            batch_size=1000,
        )


def not_allowed(value: str, allowed: str) -> str:
    """The sentence for a text that is none of those allowed."""
    if not value:
        return _("This cell is empty. Allowed: %s.") % allowed
    return _("“%(value)s” is not allowed here. Allowed: %(allowed)s.") % {"value": value[:60], "allowed": allowed}
