"""The endpoints of an organisation's programs, and each message to them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Visitor, permitted_ids
from portal.notices.models.notices import Notice

SIDES = ("factory", "brand")


MANAGES = "manage_members"


class EndpointQuerySet(QuerySet["WebhookEndpoint"]):
    """Endpoints."""

    def visible_to(self, user: Visitor) -> "EndpointQuerySet":
        """Return those of the organisations that `user` manages, without removed ones."""
        own = Q(pk__in=[])
        for side in SIDES:
            own |= Q(side=side, organisation_id__in=permitted_ids(user, side, MANAGES))
        return self.filter(own, removed_at=None)


class DeliveryQuerySet(QuerySet["WebhookDelivery"]):
    """Deliveries."""

    def visible_to(self, user: Visitor) -> "DeliveryQuerySet":
        """Return the log of the endpoints that `user` sees."""
        endpoints = WebhookEndpoint.objects.visible_to(user).filter(pk=OuterRef("endpoint"))
        return self.filter(Exists(endpoints))


class WebhookEndpoint(models.Model):
    """An address of an organisation that gets some kinds of notices, signed with a secret.

    The secrets are encrypted. After a rotation messages are also signed with the old one until `old_secret_until`. A
    paused endpoint gets nothing; a removed one is kept for the log and visible to nobody.
    """

    class Pause(models.TextChoices):
        PERSON = "person", _("Paused by a manager")
        FAILING = "failing", _("Paused: it did not answer for three days")
        GONE = "gone", _("Paused: the receiver says that this address no longer exists (410)")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    side = models.CharField(max_length=10)
    organisation_id = models.BigIntegerField()
    url = models.CharField(_("address"), max_length=500)
    kinds = models.JSONField(default=list)
    secret = models.TextField()
    old_secret = models.TextField(blank=True)
    old_secret_until = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_because = models.CharField(max_length=10, blank=True, choices=Pause.choices)
    removed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = EndpointQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=["factory", "brand"]), name="notices_endpoint_side"),
            models.UniqueConstraint(
                fields=["side", "organisation_id", "url"], condition=Q(removed_at=None), name="notices_endpoint_once"
            ),
            models.CheckConstraint(
                condition=Q(paused_at=None, paused_because="") | (Q(paused_at__isnull=False) & ~Q(paused_because="")),
                name="notices_endpoint_paused",
            ),
        ]

    def __str__(self) -> str:
        return f"Webhook {self.pk}"

    @property
    def is_paused(self) -> bool:
        """True while it gets nothing."""
        return self.paused_at is not None


class WebhookDelivery(models.Model):
    """One message to one endpoint: by its id, the same in every attempt, the receiver recognises duplicates.

    The content is made when it is sent, so that a revocation affects also what waits (R7); nothing of it is kept.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        DROPPED = "dropped", _("Not sent: no longer relevant to you")

    class Problem(models.TextChoices):
        REFUSED = "refused", _("The address was not found or is not public")
        CONNECTION = "connection", _("No connection")
        TLS = "tls", _("No secure connection (certificate)")
        TIMEOUT = "timeout", _("No response in time")
        PROTOCOL = "protocol", _("The response could not be read")
        SECRET = "secret", _("The portal could not read the secret")
        PAYLOAD = "payload", _("The portal could not create the message")
        INTERRUPTED = "interrupted", _("The portal was interrupted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    notice = models.ForeignKey(Notice, null=True, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    last_attempt_at = models.DateTimeField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    problem = models.CharField(max_length=20, choices=Problem.choices, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "notice"], name="notices_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "delivered", "failed", "dropped"]), name="notices_delivery_state"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", next_attempt_at__isnull=False)
                | (~Q(state="waiting") & Q(next_attempt_at=None)),
                name="notices_delivery_next",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "-created_at", "-id"], name="notices_delivery_log"),
            models.Index(fields=["next_attempt_at"], name="notices_delivery_due", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def message_id(self) -> str:
        """The id as the receiver reads it."""
        return f"msg_{self.pk.hex}"
