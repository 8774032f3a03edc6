"""Mails that somebody waits for (a forgotten password, an invitation): sent at once, or as soon as the server is back.

The person who asked gets the same answer in both cases. What waits is encrypted, tried again every few minutes, and
given up after `GIVEN_UP_AFTER`: by then a new one was asked for. Notices have their own outbox (`portal.notices`).
"""

import json
from datetime import timedelta

import structlog
from cryptography.fernet import InvalidToken
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.utils import timezone

from portal.core.encryption import box
from portal.core.models import WaitingMail

log = structlog.get_logger(__name__)
PURPOSE = "portal.core.mails"
GIVEN_UP_AFTER = timedelta(days=1)
LONGEST_WAIT = timedelta(minutes=30)


def send_or_keep(message: EmailMultiAlternatives) -> None:
    """Send a mail now; where the server is unavailable or refuses it, keep it for `send_waiting`."""
    try:
        message.send()
    except OSError as error:
        log.warning("mail_kept", error=type(error).__name__)
        WaitingMail.objects.create(sealed=_seal(message))


def send_waiting() -> int:
    """Try every mail whose time has come; return how many were sent."""
    WaitingMail.objects.filter(created_at__lt=timezone.now() - GIVEN_UP_AFTER).delete()
    sent, began = 0, timezone.now()
    while (outcome := _send_next(before=began)) is not None:
        sent += outcome
    return sent


@transaction.atomic
def _send_next(before: object) -> int | None:
    """Try the next mail, locked until the end; return 1 if it was sent, 0 if not, None when no mail is due."""
    due = WaitingMail.objects.filter(next_attempt_at__lte=before).order_by("next_attempt_at", "pk")
    mail = due.select_for_update(skip_locked=True).first()
    if mail is None:
        return None
    try:
        _opened(mail.sealed).send()
    except InvalidToken:
        log.error("mail_unreadable", mail=str(mail.pk))
        mail.delete()
        return 0
    except OSError as error:
        log.warning("mail_kept", error=type(error).__name__, attempts=mail.attempts + 1)
        _try_later(mail)
        return 0
    mail.delete()
    return 1


def _try_later(mail: WaitingMail) -> None:
    mail.attempts += 1
    mail.next_attempt_at = timezone.now() + min(timedelta(minutes=2 ** min(mail.attempts, 10)), LONGEST_WAIT)
    mail.save(update_fields=["attempts", "next_attempt_at"])


def _seal(message: EmailMultiAlternatives) -> str:
    parts = {
        "subject": message.subject,
        "body": message.body,
        "from_email": message.from_email,
        "to": message.to,
        "headers": message.extra_headers,
        "alternatives": message.alternatives,
    }
    return box(PURPOSE).encrypt(json.dumps(parts).encode()).decode()


def _opened(sealed: str) -> EmailMultiAlternatives:
    """Return the mail. Raises `InvalidToken` for one that no configured key decrypts."""
    parts = json.loads(box(PURPOSE).decrypt(sealed.encode()))
    return EmailMultiAlternatives(**parts, connection=get_connection())
