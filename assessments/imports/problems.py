"""What is wrong with an uploaded table, as an import keeps it for its pages."""

from typing import Any

from assessments.imports.models import ImportBatch, ImportProblem
from portal.core.tables import Problem, Problems
from portal.core.tables.texts import Sentence, read_sentence

MOST_GROUPS = 200  # that the preview keeps


def store(problems: Problems, batch: ImportBatch) -> None:
    """Replace what was known to be wrong with `batch` by the problems that are kept of each kind."""
    ImportProblem.objects.filter(batch=batch).delete()
    ordered = sorted(problems, key=lambda problem: (problem.row or 0, problem.column))
    ImportProblem.objects.bulk_create(
        (
            ImportProblem(batch=batch, row=p.row, column=p.column, value=p.value, sentence=p.sentence.stored())
            for p in ordered
        ),
        batch_size=1000,
    )


def summary(problems: Problems) -> dict[str, Any]:
    """The exact number of problems and their kinds, as the batch's plan keeps them."""
    return {"problems": problems.total, "groups": [group.stored() for group in problems.groups()[:MOST_GROUPS]]}


def stored_problems(batch: ImportBatch) -> list[Problem]:
    """Return what is wrong with the table of `batch`, by row; problems from before there were codes in their words."""
    return [
        Problem(one.row, one.column, one.value, read_sentence(one.sentence) if one.sentence else Sentence(one.message))
        for one in batch.problems.order_by("row", "pk")
    ]
