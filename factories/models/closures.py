"""Closure days: when a factory is closed, as it says itself.

The programme plans around them and never answers: nothing about them depends on a plan (R47).
"""

import uuid
from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from factories.models.factories import Factory, keys_inside
from portal.accounts.prepared import permitted_keys
from portal.accounts.roles import Visitor


class ClosureDaysQuerySet(QuerySet["ClosureDays"]):
    """Closure days of factories."""

    def visible_to(self, user: Visitor) -> "ClosureDaysQuerySet":
        """Return those of the factories that `user` sees: their own, assigned ones, and those of their countries."""
        assigned = permitted_keys(user, "factory", "assess")
        return self.filter(Q(factory__in=keys_inside(user)) | Q(factory__in=assigned))

    def within(self, first: date, last: date) -> "ClosureDaysQuerySet":
        """Return those of which a day lies in a period, both ends included."""
        return self.filter(first_day__lte=last, last_day__gte=first)


class ClosureDays(models.Model):
    """Consecutive days on which a factory is closed, both ends included (R54)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="closures", db_index=False)
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField(auto_now_add=True)

    objects = ClosureDaysQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "closure days"
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="factories_closuredays_days"),
        ]
        indexes = [models.Index(fields=["factory", "last_day"], name="factories_closures")]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.first_day} {self.last_day}"
