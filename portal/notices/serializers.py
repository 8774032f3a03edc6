"""Mails and webhooks over the API."""

from typing import Any

from rest_framework import serializers

from portal.core.api import PageQuery, StrictSerializer
from portal.core.drawn import MAX_ID
from portal.notices.models import MailChoice, WebhookDelivery
from portal.notices.models.webhooks import SIDES


class MailChoiceSerializer(serializers.Serializer[Any]):
    """One kind of notification, and how it is mailed to you."""

    kind = serializers.CharField()
    title = serializers.CharField(help_text="Name of the kind.")
    way = serializers.ChoiceField(choices=MailChoice.Way.values)
    is_mandatory = serializers.BooleanField(help_text="true: it cannot be switched off.")


class MailChoicesSerializer(serializers.Serializer[Any]):
    """All kinds of notifications."""

    choices = MailChoiceSerializer(many=True)


class MailChoiceOrder(StrictSerializer):
    """A choice for one kind of notification."""

    kind = serializers.CharField(max_length=60)
    way = serializers.ChoiceField(choices=MailChoice.Way.values)


class WebhookSerializer(serializers.Serializer[Any]):
    """A webhook, without its secret."""

    id = serializers.UUIDField()
    organisation_kind = serializers.ChoiceField(source="side", choices=SIDES)
    organisation = serializers.IntegerField(source="organisation_id")
    url = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    is_paused = serializers.BooleanField()
    paused_because = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    old_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until this time, messages are also signed with the previous secret."
    )


class NewWebhookSerializer(WebhookSerializer):
    """A webhook with its new secret, which is shown only once."""

    secret = serializers.CharField()


class WebhookOrder(StrictSerializer):
    """A new webhook."""

    organisation_kind = serializers.ChoiceField(choices=SIDES)
    organisation = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    url = serializers.CharField(max_length=500, help_text="An https address on the public internet.")
    kinds = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1, max_length=20)


class WebhookChange(StrictSerializer):
    """Changed events of a webhook, or its pause."""

    kinds = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=20, required=False
    )
    is_paused = serializers.BooleanField(required=False)


class DeliverySerializer(serializers.Serializer[Any]):
    """One message and the result of the last attempt. Its contents are not stored."""

    id = serializers.UUIDField()
    message_id = serializers.CharField(help_text="The header `webhook-id`, the same in every attempt.")
    kind = serializers.CharField()
    state = serializers.ChoiceField(choices=WebhookDelivery.State.values)
    created_at = serializers.DateTimeField()
    attempts = serializers.IntegerField()
    last_attempt_at = serializers.DateTimeField(allow_null=True)
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    status_code = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField(allow_blank=True, help_text="If there was no response, the reason in one word.")
    duration_ms = serializers.IntegerField(allow_null=True)


class DeliveryQuery(PageQuery):
    """Filters of the messages."""

    state = serializers.ChoiceField(choices=WebhookDelivery.State.values, required=False)
