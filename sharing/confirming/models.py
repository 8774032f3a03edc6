"""A factory's request that its grants no longer need a second person: somebody else agrees, or not."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from factories.models import Factory, keys_inside
from portal.accounts.roles import Visitor
from portal.core.triggers import columns_are_final


class ConfirmationEndQuerySet(QuerySet["ConfirmationEnd"]):
    """Requests that grants no longer need a second person's confirmation."""

    def visible_to(self, user: Visitor) -> "ConfirmationEndQuerySet":
        """Return the requests visible to `user`: the factory's people and its country's staff see them."""
        return self.filter(factory__in=keys_inside(user))

    def open(self) -> "ConfirmationEndQuerySet":
        """Return the requests that wait for an answer."""
        return self.filter(answered_at=None)


class ConfirmationEnd(models.Model):
    """A manager's request to switch the second person's confirmation off. Answered once; kept as a record."""

    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="confirmation_ends")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    is_agreed = models.BooleanField(null=True)

    objects = ConfirmationEndQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["factory"], condition=Q(answered_at=None), name="sharing_confirmationend_one_open"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, is_agreed=None)
                | (
                    Q(answered_at__isnull=False, answered_by__isnull=False, is_agreed__isnull=False)
                    & ~Q(answered_by=models.F("asked_by"))
                ),
                name="sharing_confirmationend_two_people",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "waiver_is_final", ["factory_id", "asked_by_id", "asked_at"], "It stays as it was asked."
            ),
            pgtrigger.Protect(
                name="answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.pk}"
