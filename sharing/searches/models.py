"""The records of who searched by findings: a list narrowed by a finding names the factories that have it."""

from datetime import datetime
from typing import TypedDict

import pgtrigger
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import BigIntegerField, Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, own_brand_keys
from factories.models import Factory, FactoryRole
from portal.accounts.roles import Visitor, permitted_ids
from sharing.records.models import of_sides


class Searches(TypedDict):
    """The searches of one side for the same finding: how many, and when the last one was made."""

    about: str
    brand__name: str | None
    is_own: bool
    times: int
    last: datetime


class SearchRecordQuerySet(QuerySet["SearchRecord"]):
    """Searches by findings."""

    def visible_to(self, user: Visitor) -> "SearchRecordQuerySet":
        """Return the searches visible to `user`.

        Those that named a factory of `user` or of their country, or that their brand's people made (invariant 3).
        What staff found before it was released to the factory stays hidden from the factory (R47). The programs of a
        brand see none: a search is not about one scope.
        """
        own = _ids(permitted_ids(user, "factory", "view_data"), "organisation_id")
        country = _ids(Factory.objects.in_programmes_where(user, "view_assessments"), "pk")
        seen = Q(factories__overlap=own, is_before_release=False) | Q(factories__overlap=country)
        if not getattr(user, "is_integration", False):
            seen |= Q(brand__in=own_brand_keys(user))
        return self.filter(seen)

    def naming(self, factory: Factory) -> "SearchRecordQuerySet":
        """Return those that named a factory, without the others they named; each with `is_own`, as in who-saw-what."""
        roles = FactoryRole.objects.exclude(role="advisor")
        own = roles.filter(organisation=factory.pk, group__user=OuterRef("person"))
        return self.filter(factories__contains=[factory.pk]).defer("factories").annotate(is_own=Exists(own))

    def read_for(self, *sides: str) -> "SearchRecordQuerySet":
        """Return the searches of `sides` (see `of_sides`), after `naming`."""
        return self.filter(of_sides(sides))

    def grouped(self) -> "QuerySet[SearchRecord, Searches]":
        """Return how often each side searched for the same, after `naming`: the latest first."""
        kind = ("condition", "about", "brand", "brand__name", "is_own")
        groups = self.order_by().values(*kind).annotate(times=Count("pk"), last=Max("at"))
        return groups.order_by("-last", "about", "brand")


def _ids(rows: "QuerySet[models.Model, object]", name: str) -> ArraySubquery:
    """Return the ids in a column of a queryset, as an array."""
    return ArraySubquery(rows.order_by().values_list(Cast(name, BigIntegerField())))


class SearchRecord(models.Model):
    """The factories that one page of a list named because of a finding. Append-only.

    One row for each person, day (UTC), condition and set of factories: what was named already that day is not written
    again. No factory may learn which others were named: read it through `visible_to` and `naming` only.
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
    # Staff found it before it was released to the factory, which must not learn of it this way (R47).
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
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.condition} {self.about}"

    @property
    def in_words(self) -> str:
        """The finding that was searched for, in words."""
        return f"{self.Condition(self.condition).label} {self.about}"
