"""Subscriptions of participants: each for one report, of one factory and cycle."""

from datetime import datetime

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, own_brand_keys
from factories.models import Factory, factory_keys
from portal.accounts.roles import Visitor
from portal.core.triggers import columns_are_final
from sharing.terms import MAX_CYCLE


class SubscriptionQuerySet(QuerySet["Subscription"]):
    """Subscriptions of participants."""

    def in_force(self, at: datetime | None = None) -> "SubscriptionQuerySet":
        """Return those recorded and not withdrawn at a moment; without `at` now, even if two clocks differ."""
        if at is None:
            return self.filter(ended_at=None)
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=at), recorded_at__lte=at)

    def of_country(self, user: Visitor) -> "SubscriptionQuerySet":
        """Return those that `user` records for a country, as its staff who enrol factories."""
        return self.filter(factory__in=factory_keys(user, "manage_enrolment"))

    def visible_to(self, user: Visitor) -> "SubscriptionQuerySet":
        """Return the subscriptions visible to `user`.

        The country's staff who record them see them, and the brand its own; no factory, and no other brand.
        """
        return self.of_country(user) | self.filter(brand__in=own_brand_keys(user))


class Subscription(models.Model):
    """A participant's subscription for one factory and cycle, needed only where the country says so (R6).

    It counts from when it was recorded until it is withdrawn; `bought_on` is the day reported to the staff. Never
    deleted: like a grant it is a fact with a period.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="subscriptions")
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="+")
    cycle = models.PositiveSmallIntegerField(
        _("cycle"), validators=[MinValueValidator(1), MaxValueValidator(MAX_CYCLE)]
    )
    bought_on = models.DateField(_("bought on"))
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    end_reason = models.CharField(max_length=300, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "factory", "cycle"], condition=Q(ended_at=None), name="sharing_subscription_once"
            ),
            models.CheckConstraint(condition=Q(cycle__range=(1, MAX_CYCLE)), name="sharing_subscription_cycle"),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended_by=None, end_reason="")
                | (Q(ended_at__gte=F("recorded_at"), ended_by__isnull=False) & ~Q(end_reason="")),
                name="sharing_subscription_end",
            ),
        ]
        indexes = [
            models.Index(fields=["factory", "brand", "cycle"], name="sharing_subscription_decides"),
            models.Index(fields=["-recorded_at", "-id"], name="sharing_subscription_list"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "facts_are_final",
                ["brand_id", "factory_id", "cycle", "bought_on", "recorded_at", "recorded_by_id"],
                "A subscription cannot change. Withdraw it, and record it again.",
            ),
            pgtrigger.Protect(
                name="ended_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__ended_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand_id} {self.factory_id} cycle {self.cycle}"
