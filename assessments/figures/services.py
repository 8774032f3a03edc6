"""The freezing of figures when answers become final, and the comparison of frozen figures with the answers."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from assessments.answering.models import RELEASED
from assessments.figures.counting import count
from assessments.figures.models import Figures
from assessments.visits.models import Assessment
from sharing.models import CycleReport

BATCH = 200  # assessments: some 50,000 answers in memory
COUNTED = (
    "points", "clusters", "assessed", "nc", "nc_law", "points_assessed", "points_law_only", "points_nc",
    "nc_clusters", "findings",
)  # fmt: skip


def freeze(*assessments: UUID) -> None:
    """Count the answers of assessments (ids) and store the figures. Idempotent: stored figures are replaced.

    Call it in the transaction in which the answers become final.
    """
    for part in _parts(list(assessments)):
        rows = Assessment.objects.filter(pk__in=part).values_list("pk", "tool", "mode")
        Figures.objects.filter(assessment__in=part).delete()
        Figures.objects.bulk_create(count(rows), batch_size=500)


def thaw(assessment: UUID) -> None:
    """Delete the figures of an assessment whose answers may change again."""
    Figures.objects.filter(assessment=assessment).delete()


def _parts(keys: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


def released() -> list[UUID]:
    """Return the ids of all assessments whose answers are final."""
    return list(Assessment.objects.filter(state__in=RELEASED).order_by("pk").values_list("pk", flat=True))


def differences() -> Iterator[str]:
    """Yield a sentence for each assessment whose figures differ from its answers, are missing, or should not be."""
    keys = released()
    for stray in Figures.objects.exclude(assessment__in=keys).values_list("assessment", flat=True).distinct():
        yield f"Assessment {stray} has figures, but its answers are not final."
    for part in _parts(keys):
        kept = {(one.assessment_id, one.scope): one for one in Figures.objects.filter(assessment__in=part)}
        rows = Assessment.objects.filter(pk__in=part).values_list("pk", "tool", "mode")
        for wanted in count(rows):
            found = kept.get((wanted.assessment_id, wanted.scope))
            if found is None:
                yield f"Assessment {wanted.assessment_id} has no figures for {wanted.scope}."
            elif any(getattr(found, name) != getattr(wanted, name) for name in COUNTED):
                yield f"The figures of assessment {wanted.assessment_id} for {wanted.scope} differ from its answers."


def stray_versions() -> Iterator[str]:
    """Yield a sentence for each published version that contradicts its report, and each report without a version."""
    same = Q(report__factory=F("factory"), report__cycle=F("cycle"), report__first_published_at=F("first_published_at"))
    for stray in Assessment.objects.filter(report__isnull=False).exclude(same).values_list("pk", flat=True):
        yield f"Assessment {stray} has another factory, cycle or first publication than its report."
    current = Assessment.objects.filter(report=OuterRef("pk"), state=Assessment.State.PUBLISHED)
    for report in CycleReport.objects.filter(Exists(current) | Q(withdrawn_at=None)).annotate(is_out=Exists(current)):
        if report.is_out != (report.withdrawn_at is None):
            yield f"Report {report.pk} is {'withdrawn' if report.withdrawn_at else 'published'}; its versions are not."
