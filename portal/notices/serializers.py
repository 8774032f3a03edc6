"""Mails and webhooks over the API."""

from typing import Any

from rest_framework import serializers

from portal.core.api import PageQuery, StrictSerializer
from portal.core.drawn import MAX_ID
from portal.notices.models import MailChoice, WebhookDelivery
from portal.notices.models.webhooks import SIDES


class MailChoiceSerializer(serializers.Serializer[Any]):
    """One kind of notice, and how the asker is mailed it."""

    kind = serializers.CharField()
    title = serializers.CharField(help_text="What it tells of, in words.")
    way = serializers.ChoiceField(choices=MailChoice.Way.values)
    is_mandatory = serializers.BooleanField(help_text="It cannot be switched off.")


class MailChoicesSerializer(serializers.Serializer[Any]):
    """All kinds."""

    choices = MailChoiceSerializer(many=True)


class MailChoiceOrder(StrictSerializer):
    """Another way for one kind."""

    kind = serializers.CharField(max_length=60)
    way = serializers.ChoiceField(choices=MailChoice.Way.values)


class WebhookSerializer(serializers.Serializer[Any]):
    """An endpoint, without its secret."""

    id = serializers.UUIDField()
    organisation_kind = serializers.ChoiceField(source="side", choices=SIDES)
    organisation = serializers.IntegerField(source="organisation_id")
    url = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    is_paused = serializers.BooleanField()
    paused_because = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    old_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until when messages are signed with the secret before the last rotation, too."
    )


class NewWebhookSerializer(WebhookSerializer):
    """An endpoint with a secret just made: the one time it is shown."""

    secret = serializers.CharField()


class WebhookOrder(StrictSerializer):
    """A new endpoint."""

    organisation_kind = serializers.ChoiceField(choices=SIDES)
    organisation = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    url = serializers.CharField(max_length=500, help_text="https, on the public internet.")
    kinds = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1, max_length=20)


class WebhookChange(StrictSerializer):
    """What it is told, and whether it is told anything."""

    kinds = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20, required=False
    )
    is_paused = serializers.BooleanField(required=False)


class DeliverySerializer(serializers.Serializer[Any]):
    """One message, and what came of the last attempt. What it said is not kept."""

    id = serializers.UUIDField()
    message_id = serializers.CharField(help_text="`webhook-id`, the same in every attempt.")
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=WebhookDelivery.State.values)
    created_at = serializers.DateTimeField()
    attempts = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField(allow_blank=True, help_text="Where no answer came: in one word, why.")
    duration_ms = serializers.IntegerField(allow_null=True)


class DeliveryQuery(PageQuery):
    """How the log is narrowed."""

    state = serializers.ChoiceField(choices=WebhookDelivery.State.values, required=False)
