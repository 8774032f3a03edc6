"""Handovers: the only manager of a factory left, and its country's staff bring in a new one."""

import uuid
from datetime import date

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from factories.models.factories import Factory
from factories.models.programmes import programme_keys
from portal.accounts.prepared import permitted_keys
from portal.accounts.roles import Visitor
from portal.core.days import last_day
from portal.core.triggers import columns_are_final


class HandoverQuerySet(QuerySet["Handover"]):
    """Handovers of factories' managers."""

    def visible_to(self, user: Visitor) -> "HandoverQuerySet":
        """Return the handovers visible to `user`: as the factory's manager, or as country staff who enrol factories."""
        own = permitted_keys(user, "factory", "manage_members")
        enrolled = programme_keys(user, "manage_enrolment")
        return self.filter(Q(factory__in=own) | Q(factory__programme__in=enrolled))

    def open(self) -> "HandoverQuerySet":
        """Return the handovers under way: not stopped, and the new manager has not joined."""
        return self.filter(stopped_at=None, joined_at=None)

    def waiting_for(self, email: str) -> "HandoverQuerySet":
        """Return the handovers that were completed and wait for the new manager with this address to join."""
        return self.open().filter(new_email=email, completed_at__isnull=False)


class Handover(models.Model):
    """One handover, from its opening by staff to its end: done, objected to, or cancelled. Never deleted.

    `completed_at` is when a second staff person approved it and the new manager was invited; `joined_at`, when the
    new manager joined and the role of the one who left ended. Until then nothing new is shared.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="handovers")
    leaving = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    new_name = models.CharField(max_length=150)
    new_email = models.EmailField(max_length=254)
    evidence = models.CharField(max_length=2000)
    scan = models.CharField(max_length=200, blank=True)  # its name in private storage
    scan_sha256 = models.CharField(max_length=64, blank=True, default="", db_default="")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    objections_until = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    is_objection = models.BooleanField(default=False, db_default=False)
    stop_reason = models.CharField(max_length=500, blank=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["factory"], condition=Q(joined_at=None, stopped_at=None), name="factories_handover_one_open"
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None, completed_by=None)
                | Q(completed_at__gte=F("objections_until"), completed_by__isnull=False)
                & ~Q(completed_by=F("opened_by")),
                name="factories_handover_second_person",
            ),
            models.CheckConstraint(
                condition=Q(joined_at=None) | Q(completed_at__isnull=False, stopped_at=None),
                name="factories_handover_joined",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by=None, is_objection=False, stop_reason="")
                | Q(stopped_at__isnull=False, stopped_by__isnull=False),
                name="factories_handover_stopped",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "case_is_final",
                [
                    "factory_id",
                    "leaving_id",
                    "new_name",
                    "new_email",
                    "evidence",
                    "scan",
                    "scan_sha256",
                    "opened_by_id",
                    "opened_at",
                    "objections_until",
                ],
                "The case of a handover cannot change. Stop it and open another.",
            ),
            pgtrigger.Protect(
                name="over_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__joined_at__isnull=False) | pgtrigger.Q(old__stopped_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.pk}"

    @property
    def last_day_to_object(self) -> date | None:
        """The last day at the factory on which its manager can object (R54)."""
        return last_day(self.objections_until, self.factory)

    def status(self) -> str:
        """Return its state now: objected, given_up, done, invited (waits for the new manager), ready or objections."""
        if self.stopped_at is not None:
            return "objected" if self.is_objection else "given_up"
        if self.joined_at is not None:
            return "done"
        if self.completed_at is not None:
            return "invited"
        return "ready" if self.objections_until <= timezone.now() else "objections"
