"""A mail server that is away: nobody sees an error, and the mail leaves when it is back."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from portal.core.mails import GIVEN_UP_AFTER, send_waiting
from portal.core.models import WaitingMail
from tests.world import World

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"


def pass_time(by: timedelta) -> None:
    for waiting in WaitingMail.objects.all():
        waiting.created_at -= by
        waiting.next_attempt_at -= by
        waiting.save()


def test_a_forgotten_password_is_answered_as_always_and_mailed_later(
    world: World, client: Any, mail_server_away: Any
) -> None:
    known, unknown = world.person("manager_a").email, "nobody@test.example"
    usual = client.post(RESET, {"email": known})
    mail.outbox.clear()
    with mail_server_away:
        answers = [client.post(RESET, {"email": address}) for address in (known, unknown)]
        assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
            (usual.status_code, usual.headers["Location"])
        }
        assert send_waiting() == 0
    assert known not in str(list(WaitingMail.objects.values())), "it holds a secret link, and is encrypted"

    pass_time(timedelta(hours=1))
    assert send_waiting() == 2
    assert (mail.outbox[0].to, "/accounts/password/reset/key/" in mail.outbox[0].body) == ([known], True)
    assert send_waiting() == 0


def test_one_mail_that_is_refused_holds_up_no_other(world: World, client: Any, mail_server_away: Any, settings) -> None:
    with mail_server_away:
        for persona in ("manager_a", "manager_b"):
            client.post(RESET, {"email": world.person(persona).email})
    settings.EMAIL_BACKEND = f"{__name__}.RefusesTheFirst"
    assert send_waiting() == 1
    assert [message.to for message in mail.outbox] == [[world.person("manager_b").email]]
    assert WaitingMail.objects.get().next_attempt_at > timezone.now()


def test_after_a_day_it_is_given_up(world: World, client: Any, mail_server_away: Any) -> None:
    with mail_server_away:
        client.post(RESET, {"email": world.person("manager_a").email})
    pass_time(GIVEN_UP_AFTER)
    assert (send_waiting(), WaitingMail.objects.count(), mail.outbox) == (0, 0, [])


class RefusesTheFirst(EmailBackend):
    """A mail server that knows no manager of factory A."""

    def send_messages(self, messages: Any) -> int:
        if "manager.a@" in messages[0].to[0]:
            raise SMTPRecipientsRefused({messages[0].to[0]: (550, b"no")})
        return super().send_messages(messages)
