"""What a person put aside in their own inbox, until when: a preference of one person, and never an answer."""

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.roles import Visitor


class SnoozeQuerySet(QuerySet["Snooze"]):
    """What people put aside."""

    def own(self, user: Visitor) -> "SnoozeQuerySet":
        """Return those of `user` that are not over."""
        return self.filter(person=user.pk or 0, until__gt=timezone.now())

    def over(self) -> "SnoozeQuerySet":
        """Return everybody's that are over."""
        return self.filter(until__lte=timezone.now())


class Snooze(models.Model):
    """One thing that a person does not see in the inbox until a moment.

    `kind` and `key` name the thing; the inbox alone knows what they mean. The row is deleted when it is over, and with
    its person. It has no event: nobody else learns of it, and it changes nothing but one person's list.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=100)
    until = models.DateTimeField()

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind", "key"], name="notices_snooze_once")]
        indexes = [models.Index(fields=["until"], name="notices_snooze_until")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
