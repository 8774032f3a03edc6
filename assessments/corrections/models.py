"""Notices to the brands that hold a version of a report that was replaced or withdrawn, and their acknowledgement."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from assessments.visits.models import Assessment, opened_for_row
from brands.models import Brand
from portal.accounts.roles import Visitor
from portal.core.triggers import columns_are_final
from sharing import access


class CorrectionNoticeQuerySet(QuerySet["CorrectionNotice"]):
    """Notices to brands that hold a version that was replaced or withdrawn."""

    def for_brands_of(self, user: Visitor) -> "CorrectionNoticeQuerySet":
        """Return the notices to brands on whose behalf `user` reads, while the brand may know.

        The brand has access to the old version, or had it until the withdrawal, and has access to the new one, which
        after a withdrawal has a hold of its own: nothing is said of what a revoke closes or the factory withholds (R7).
        """
        old = opened_for_row(user, "assessment")
        return self.filter(Q(old) & (Q(successor=None) | Q(opened_for_row(user, "successor"))))

    def inside(self, user: Visitor) -> "CorrectionNoticeQuerySet":
        """Return the notices about the user's own factory and about the factories that they work on."""
        factories = access.own_factories(user) | access.factories_worked_on(user)
        return self.filter(assessment__factory__in=factories.values("pk"))

    def visible_to(self, user: Visitor) -> "CorrectionNoticeQuerySet":
        """Return the notices that `user` sees inside a factory; a brand's people see its own."""
        return self.inside(user) | self.for_brands_of(user)


class CorrectionNotice(models.Model):
    """A notice to one brand that had read a version when it was replaced (`successor`) or withdrawn (no successor).

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
