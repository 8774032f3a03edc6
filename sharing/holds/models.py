"""Reports that a factory withheld from a brand, before or after they opened to it."""

from datetime import datetime

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet

from brands.models import Brand
from factories.models import Factory, keys_inside
from portal.accounts.roles import Visitor
from portal.core.triggers import columns_are_final


class WithheldReportQuerySet(QuerySet["WithheldReport"]):
    """Reports that a factory withholds from a brand."""

    def in_force(self, at: datetime | None = None) -> "WithheldReportQuerySet":
        """Return those withheld at a moment; without `at` those withheld now, even if two clocks differ."""
        if at is None:
            return self.filter(allowed_at=None)
        return self.filter(Q(allowed_at=None) | Q(allowed_at__gt=at), withheld_at__lte=at)

    def visible_to(self, user: Visitor) -> "WithheldReportQuerySet":
        """Return the withheld reports visible to `user`.

        A factory's people and its country's staff see them; to a brand it is as if the report were not there.
        """
        return self.filter(factory__in=keys_inside(user))


class WithheldReport(models.Model):
    """One cycle's report that a factory withholds from one brand, whatever its grants say, until it allows it again.

    It concerns every version and scope of that cycle. Never deleted: like a grant it is a fact with a period.
    """

    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="withheld_reports")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    cycle = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=300, blank=True)
    withheld_at = models.DateTimeField()
    withheld_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    allowed_at = models.DateTimeField(null=True, blank=True)
    allowed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects = WithheldReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["factory", "brand", "cycle"],
                condition=Q(allowed_at=None),
                name="sharing_withheldreport_once",
            ),
            models.CheckConstraint(
                condition=Q(allowed_at=None, allowed_by=None)
                | Q(allowed_at__gte=F("withheld_at"), allowed_by__isnull=False),
                name="sharing_withheldreport_end",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "facts_are_final",
                ["factory_id", "brand_id", "cycle", "reason", "withheld_at", "withheld_by_id"],
                "What was withheld cannot change. Release it, and withhold again.",
            ),
            pgtrigger.Protect(
                name="allowed_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__allowed_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.brand_id} cycle {self.cycle}"
