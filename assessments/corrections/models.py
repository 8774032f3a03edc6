"""Who holds a version of a report that was replaced or withdrawn, and whether they took note."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from assessments.visits.models import Assessment
from assessments.visits.queries import CorrectionNoticeQuerySet
from brands.models import Brand
from portal.core.triggers import columns_are_final


class CorrectionNotice(models.Model):
    """One brand that had read a version when it was replaced (`successor`) or withdrawn (no successor).

    Written with the publication or the withdrawal, so none is missed. Never deleted; acknowledged once.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="correction_notices")
    successor = models.ForeignKey(Assessment, null=True, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = CorrectionNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "brand"], name="assessments_correctionnotice_once"),
            models.CheckConstraint(
                condition=Q(acknowledged_at=None, acknowledged_by=None)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="assessments_correctionnotice_acknowledged",
            ),
        ]
        indexes = [models.Index(fields=["brand", "-id"], name="assessments_correction_brand")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "facts_are_final",
                ["assessment_id", "successor_id", "brand_id", "created_at"],
                "Who was told of a correction cannot change.",
            ),
            pgtrigger.Protect(
                name="acknowledged_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__acknowledged_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} {self.brand_id}"
