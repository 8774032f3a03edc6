"""What is wrong with an uploaded table, as an import keeps it for its pages."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from assessments.models.imports import ImportBatch, ImportProblem
from portal.core.tables import Problems

MOST_GROUPS = 200  # that the preview keeps


def store(problems: Problems, batch: ImportBatch) -> None:
    """Replace what was known to be wrong with `batch` by the problems that are kept of each kind."""
    ImportProblem.objects.filter(batch=batch).delete()
    ordered = sorted(problems, key=lambda problem: (problem.row or 0, problem.column))
    ImportProblem.objects.bulk_create(
        (ImportProblem(batch=batch, row=p.row, column=p.column, value=p.value, message=p.message) for p in ordered),
        batch_size=1000,
    )


def summary(problems: Problems) -> dict[str, Any]:
    """The exact number of problems and their kinds, as the batch's plan keeps them."""
    return {"problems": problems.total, "groups": [group.stored() for group in problems.groups()[:MOST_GROUPS]]}


def not_allowed(value: str, allowed: str) -> ValidationError:
    """The error for a text that is none of those allowed."""
    if not value:
        return ValidationError(_("This cell is empty. Allowed: %s.") % allowed, "empty")
    told = {"value": value[:60], "allowed": allowed}
    return ValidationError(_("“%(value)s” is not allowed here. Allowed: %(allowed)s."), "not_allowed", told)
