"""The rows that are the truth about jobs."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.job_texts import in_words

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.accounts.models import User


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, visible to the person who ordered them, and to nobody else."""

    def visible_to(self, user: "User | AnonymousUser") -> "JobQuerySet":
        """Return the jobs that `user` ordered; none for an inactive or anonymous visitor."""
        if not user.is_active:
            return self.none()
        return self.filter(owner_id=user.pk, owner__is_active=True)


class Job(models.Model):
    """A piece of work done by a worker. The row is the truth; the broker's message is only a nudge.

    `progress` counts up to `total` (any unit; 0 total = unknown). `params` and `result` hold ids, never contents.
    `message` and `error` are codes (`portal.core.job_texts`).
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    FINISHED: ClassVar = (State.DONE, State.FAILED, State.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=200, blank=True)
    params = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    error_params = models.JSONField(default=dict, db_default={})
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    factory_id = models.BigIntegerField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed", "cancelled"]),
                name="core_job_state",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="core_job_owner"),
            models.Index(
                fields=["lease_until"], name="core_job_open", condition=models.Q(state__in=["queued", "running"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def message_in_words(self) -> str:
        """The stage that it is in."""
        return in_words(self.message, {})

    @property
    def error_in_words(self) -> str:
        """The reason why it failed; empty where it did not."""
        return in_words(self.error, self.error_params)

    @property
    def is_finished(self) -> bool:
        """True when it is done, failed or cancelled: nothing more will happen."""
        return self.state in self.FINISHED

    @property
    def percent(self) -> int | None:
        """Progress from 0 to 100, or None while the total is unknown."""
        if self.state == self.State.DONE:
            return 100
        return min(100, self.progress * 100 // self.total) if self.total else None
