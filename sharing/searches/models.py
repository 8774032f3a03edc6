"""Who searched by findings: a list that is narrowed by one names the factories that have it."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brands.models import Brand
from sharing.searches.queries import SearchRecordQuerySet


class SearchRecord(models.Model):
    """The factories that one page of a list named because of a finding. Append-only.

    One row for each person, day (UTC), condition and set of factories: what was named already that day is not written
    again. Which other factories were named no factory may learn: read it through `visible_to` and `naming` only.
    """

    class Condition(models.TextChoices):
        CLUSTER = "cluster", _("Non-compliance in")

    at = models.DateTimeField(default=timezone.now)
    day = models.PositiveIntegerField()  # of `at`, in UTC, as 20260313: a number is sealed alike in every session
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    condition = models.CharField(max_length=20, choices=Condition.choices)
    about = models.CharField(max_length=150)
    factories = ArrayField(models.BigIntegerField())
    # Staff found it before it was released to the factory: the factory must not learn of it this way (R47).
    is_before_release = models.BooleanField(default=False, db_default=False)

    ORDER = ("-at", "-id")

    objects = SearchRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "brand", "condition", "about", "is_before_release", "factories", "day"],
                nulls_distinct=False,
                name="sharing_searchrecord_once",
            ),
            models.CheckConstraint(condition=models.Q(factories__len__gte=1), name="sharing_searchrecord_named"),
        ]
        indexes = [GinIndex(fields=["factories"], name="sharing_search_factories")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.condition} {self.about}"

    @property
    def in_words(self) -> str:
        """What was searched for."""
        return f"{self.Condition(self.condition).label} {self.about}"
