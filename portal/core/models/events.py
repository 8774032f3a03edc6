"""The append-only event table that every layer above writes to."""

import pgtrigger
from django.conf import settings
from django.db import models


class Event(models.Model):
    """One thing that happened: who, when, to which organisation, in numbers and words without personal data.

    Append-only (R50, invariant 5): the app role has no UPDATE or DELETE, and a trigger refuses both to the owner.
    Organisations are plain numbers, not foreign keys: an event outlives what it refers to, and this layer is the
    lowest.
    """

    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=60)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    factory_id = models.BigIntegerField(null=True)
    brand_id = models.BigIntegerField(null=True)
    programme_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=80, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["factory_id", "-id"], name="core_event_factory"),
            models.Index(fields=["brand_id", "-id"], name="core_event_brand"),
            models.Index(fields=["subject", "-id"], name="core_event_subject"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()
