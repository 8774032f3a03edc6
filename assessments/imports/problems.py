"""The errors in an uploaded table, as an import stores them for its pages."""

from assessments.imports.models import ImportBatch, ImportProblem
from portal.core.tables import Problem, Problems
from portal.core.tables.texts import Sentence, read_sentence

MOST_GROUPS = 200  # groups that the preview stores


def store(problems: Problems, batch: ImportBatch) -> None:
    """Replace the stored problems of `batch` by these, a limited number of each kind."""
    ImportProblem.objects.filter(batch=batch).delete()
    ordered = sorted(problems, key=lambda problem: (problem.row or 0, problem.column))
    ImportProblem.objects.bulk_create(
        (
            ImportProblem(batch=batch, row=p.row, column=p.column, value=p.value, sentence=p.sentence.stored())
            for p in ordered
        ),
        batch_size=1000,
    )


def summary(problems: Problems) -> dict[str, object]:
    """Return the exact number of problems and their kinds, as the batch's plan stores them."""
    return {"problems": problems.total, "groups": [group.stored() for group in problems.groups()[:MOST_GROUPS]]}


def error_rows(batch: ImportBatch) -> list[Problem]:
    """Return the first problems of each kind, by row; those from before there were codes keep their words."""
    return [
        Problem(one.row, one.column, one.value, read_sentence(one.sentence) if one.sentence else Sentence(one.message))
        for one in batch.problems.order_by("row", "pk")
    ]
