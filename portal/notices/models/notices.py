"""Notices to organisations: each is a row written in the same transaction as the change that it announces."""

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Notice(models.Model):
    """One piece of news to one organisation, sent once, by mail to its people and by webhook to its machines.

    It holds ids, never contents: what is said, and whether it may still be said, is asked when it is sent. So a
    revocation affects also what waits here (R7). `once` keeps a reminder from being written twice.
    """

    kind = models.CharField(max_length=60)
    side = models.CharField(max_length=10)  # a kind of organisation: factory, brand or programme
    organisation_id = models.BigIntegerField()
    factory_id = models.BigIntegerField(null=True)
    brand_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)
    once = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - unique where given
    created_at = models.DateTimeField(auto_now_add=True)
    not_before = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=["factory", "brand", "programme"]), name="notices_notice_side"),
        ]
        indexes = [
            models.Index(fields=["not_before", "id"], name="notices_notice_waiting", condition=Q(handled_at=None)),
            models.Index(
                fields=["organisation_id", "factory_id"], name="notices_notice_planned", condition=Q(handled_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()
