"""What waits to be told to brand A, by webhook and by mail, and what it is told when that is sent."""

import json
from typing import Any

from django.core import mail
from django.utils import timezone

from portal.notices.handing_out import hand_out_notices
from portal.notices.mails import send_due_mails
from portal.notices.models import WebhookDelivery
from portal.notices.webhooks.sending import deliver_waiting
from tests.notices.conftest import pass_time


class Receiver:
    """Brand A's program: away at first, then there; and what it was sent."""

    def __init__(self) -> None:
        self.status, self.got = 503, []

    def answer(self, _target: Any, _headers: Any, body: bytes) -> int:
        """One message."""
        self.got.append(json.loads(body))
        return self.status

    def about(self, words: str) -> set[str]:
        """The types of the messages that name something."""
        return {message["type"] for message in self.got if words in json.dumps(message["data"])}

    def scopes_begun(self) -> set[str]:
        """What it was told is shared from now on."""
        return {message["data"]["scope"] for message in self.got if message["type"] == "grant.started"}


def deliver_everything() -> None:
    """What was announced is handed out, and each message tried once; an endpoint that fails is tried one by one."""
    hand_out_notices()
    WebhookDelivery.objects.filter(state="waiting").update(next_attempt_at=timezone.now())
    while deliver_waiting():
        pass


def mails_to_the_brand() -> dict[str, str]:
    """What brand A's people are written now, by address, if everything that waits is sent."""
    mail.outbox.clear()
    hand_out_notices()
    pass_time()
    send_due_mails()
    texts = {message.to[0]: message.body for message in mail.outbox}
    return {address: text for address, text in texts.items() if address.startswith("brand.a")}
