"""Copies that a factory asks a brand to destroy after it ended its access, and what the brand answered."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, own_brand_keys
from factories.models import Factory, keys_inside
from portal.accounts.roles import Visitor
from portal.core.triggers import columns_are_final
from sharing.grants.models import SharingGrant
from sharing.scopes import Scope
from sharing.terms import covering


class DestroyNoticeQuerySet(QuerySet["DestroyNotice"]):
    """Requests from factories to brands to destroy copies."""

    def visible_to(self, user: Visitor) -> "DestroyNoticeQuerySet":
        """Return the notices visible to `user`.

        The factory's people, its country's staff and the people (not the programs) of the brand it asks see them.
        """
        return self.inside(user) | self.asked_of(user)

    def inside(self, user: Visitor) -> "DestroyNoticeQuerySet":
        """Return those of factories whose people or country's staff `user` is one of."""
        return self.filter(factory__in=keys_inside(user))

    def asked_of(self, user: Visitor) -> "DestroyNoticeQuerySet":
        """Return those that `user` may answer: their brand's."""
        if getattr(user, "is_integration", False):
            return self.none()
        return self.filter(brand__in=own_brand_keys(user))

    def open(self) -> "DestroyNoticeQuerySet":
        """Return those that wait for an answer."""
        return self.filter(waiting_for_an_answer())

    def with_waiting(self) -> "DestroyNoticeQuerySet":
        """Annotate each with `is_waiting`: whether an answer is owed now."""
        return self.annotate(is_waiting=ExpressionWrapper(waiting_for_an_answer(), output_field=BooleanField()))

    def with_counts(self) -> "DestroyNoticeQuerySet":
        """Annotate each with `is_waiting`, `copy_count`, `destroyed_count` and `kept_count`."""
        return self.with_waiting().annotate(
            copy_count=Count("copies"),
            destroyed_count=Count("copies", filter=Q(copies__answer="destroyed")),
            kept_count=Count("copies", filter=Q(copies__answer="kept")),
        )


def waiting_for_an_answer() -> Q:
    """Return the condition that a notice has no answer and is still owed one.

    It is not while the factory shares again all that the copies hold: the brand may read it and download it. When that
    ends, the same notice waits again.
    """
    again = SharingGrant.objects.live().filter(
        covering(OuterRef("cycle")),
        factory=OuterRef("notice__factory"),
        brand=OuterRef("notice__brand"),
        scope=OuterRef("scope"),
    )
    return Q(Exists(CopyToDestroy.objects.filter(~Exists(again), notice=OuterRef("pk"))), answered_at=None)


class CopyToDestroyQuerySet(QuerySet["CopyToDestroy"]):
    """The copies in destroy notices."""

    def settled(self) -> "CopyToDestroyQuerySet":
        """Return those that need not be asked for again: destroyed, or in a notice that still waits for its answer."""
        return self.filter(Q(answer="destroyed") | Q(notice__answered_at=None))


class DestroyNotice(models.Model):
    """One factory's request to one brand to destroy the copies it downloaded; written together with its revoke.

    The brand still sees it when it sees nothing else of the factory. `shown_reason` is the factory's reason for
    ending the access, where it chose to show it. The last answer is kept here; the answer for each copy, in its row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="destroy_notices")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="destroy_notices")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shown_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    remark = models.CharField(max_length=500, blank=True)

    objects = DestroyNoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by=None, remark="")
                | Q(answered_at__isnull=False, answered_by__isnull=False),
                name="sharing_destroynotice_answer",
            ),
        ]
        indexes = [
            models.Index(fields=["factory", "-created_at"], name="sharing_destroy_factory"),
            models.Index(fields=["brand", "-created_at"], name="sharing_destroy_brand"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final(
                "request_is_final",
                ["factory_id", "brand_id", "asked_by_id", "shown_reason", "created_at"],
                "What was asked of a brand cannot change.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.factory_id} {self.brand_id} {self.pk}"


class CopyToDestroy(models.Model):
    """One copy in a destroy notice, by the number that is printed on its pages, and what became of it."""

    class Answer(models.TextChoices):
        NONE = "", _("No answer yet")
        DESTROYED = "destroyed", _("Destroyed")
        KEPT = "kept", _("Kept")

    notice = models.ForeignKey(DestroyNotice, on_delete=models.PROTECT, related_name="copies")
    number = models.BigIntegerField()
    scope = models.CharField(max_length=20, choices=Scope.choices)
    cycle = models.PositiveSmallIntegerField()
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    kept_because = models.CharField(max_length=300, blank=True)

    objects = CopyToDestroyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "number"], name="sharing_copytodestroy_once"),
            models.CheckConstraint(
                condition=Q(answer__in=["", "destroyed"], kept_because="") | (Q(answer="kept") & ~Q(kept_because="")),
                name="sharing_copytodestroy_kept",
            ),
        ]
        indexes = [models.Index(fields=["number"], name="sharing_copytodestroy_number")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            columns_are_final("copy_is_final", ["notice_id", "number", "scope", "cycle"], "A copy is one copy."),
            pgtrigger.Protect(
                name="destroyed_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__answer="destroyed")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.number}"
