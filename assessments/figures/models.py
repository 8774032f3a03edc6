"""The figures of one scope of an assessment, frozen when its answers became final."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import HashIndex
from django.db import models

from assessments.visits.models import Assessment


class Figures(models.Model):
    """The counts of one scope of an assessment: by compliance point, by cluster, and by question.

    The arrays `points`, `clusters`, `assessed`, `nc` and `nc_law` run parallel, one entry for each compliance point in
    which something was determined: its id, its cluster's id, and the number of questions determined in it, found
    non-compliant, and found non-compliant due to national law. Where the country shows no such results (R49), those
    of the last number count as not determined when they are read. A question counts as determined if it is in the
    scope, carries a determination (R15, R22), is inside the subset of a virtual check (R23), and is not self-assessed
    (R13).

    `findings` holds a letter for each question of the tool, in order, as defined in `assessments.figures.counting`.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="figures", db_index=False)
    scope = models.CharField(max_length=20)
    points = ArrayField(models.IntegerField())
    clusters = ArrayField(models.IntegerField())
    assessed = ArrayField(models.SmallIntegerField())
    nc = ArrayField(models.SmallIntegerField())
    nc_law = ArrayField(models.SmallIntegerField())
    # Totals for lists: points with a determination, those of them that have only results under national law, points
    # that are non-compliant, and the clusters of these.
    points_assessed = models.SmallIntegerField()
    points_law_only = models.SmallIntegerField()
    points_nc = models.SmallIntegerField()
    nc_clusters = ArrayField(models.IntegerField())
    findings = models.TextField()

    class Meta:
        verbose_name_plural = "figures"
        constraints = [models.UniqueConstraint(fields=["assessment", "scope"], name="assessments_figures_once")]
        indexes = [HashIndex(fields=["assessment"], name="assessments_figures_of")]  # one block, however many there are

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.scope}"
