"""Mails that the server has not accepted yet."""

import uuid

from django.db import models
from django.utils import timezone


class WaitingMail(models.Model):
    """A mail that could not leave when it was written. `sealed` is all of it, encrypted: it may hold a secret link."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    next_attempt_at = models.DateTimeField(default=timezone.now, db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.pk)
