"""Mails of notices: one to a person at a time, made when it is sent.

What a mail says is asked when it leaves: each line goes through its kind's `line`, which asks the gate as its reader.
What has since been revoked, answered or switched off is left out, and a mail without lines is not sent (R7). A person
gets at most one mail in `MAIL_INTERVAL`, with everything that has gathered since.

A mailbox stays locked from reading its items to marking them done. So two workers never write to one person at once;
a killed worker leaves the mailbox as it was, and at most the one mail in its hands is sent again, under the same
Message-ID. If the mail server is unavailable nothing is lost: the items wait.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPServerDisconnected
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.text import Truncator
from django.utils.translation import ngettext, override

from portal.accounts.models import User
from portal.notices.handing_out import recipients
from portal.notices.models import Mailbox, MailChoice, MailItem
from portal.notices.outbox import Line, NoticeKind, notice_kinds
from portal.notices.preferences import unsubscribe_token

log = structlog.get_logger(__name__)
LINES_SHOWN = 20
ITEMS_READ = 1000  # of one person at a time; further ones go into the next mail
LONGEST_WAIT = timedelta(hours=6)
LATER = timedelta(hours=1)  # a line that could not be made is tried again


def send_due_mails() -> int:
    """Send every mail whose time has come; return how many. Stop early when the mail server is unavailable."""
    if not _due(timezone.now()).exists():
        return 0
    sent = 0
    try:
        with get_connection() as connection:
            while (outcome := _send_next(connection)) is not None:
                sent += outcome
    except OSError as error:
        log.warning("mail_server_away", error=type(error).__name__)
    return sent


def _due(now: datetime) -> QuerySet[Mailbox]:
    """Return the mailboxes with something to send, of people who were not mailed just now."""
    items = MailItem.objects.filter(person=OuterRef("person"), done_at=None, due_at__lte=now)
    rested = Q(last_sent_at=None) | Q(last_sent_at__lte=now - settings.MAIL_INTERVAL)
    return Mailbox.objects.filter(Exists(items), rested, Q(retry_at=None) | Q(retry_at__lte=now))


def _send_next(connection: BaseEmailBackend) -> int | None:
    """Send one mail; return how many were sent (0 where nothing is left to say), or None when nobody waits."""
    failure: Exception | None = None
    with transaction.atomic():
        now = timezone.now()
        waiting = _due(now).select_for_update(skip_locked=True, of=("self",)).select_related("person")
        box = waiting.order_by("person").first()
        if box is None:
            return None
        items = _items(box, now)
        said = _lines(box.person, items, now)
        try:
            if said:
                _message(box.person, said, items[0].pk, connection).send()
            _mark_done(box, items, now, was_sent=bool(said))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one person's mail, the others get theirs
            failure = error
            _try_later(box, now, error)
    if failure is not None and _is_away(failure):
        raise failure
    return int(bool(said) and failure is None)


def _is_away(error: Exception) -> bool:
    """Return whether the server is unavailable, as opposed to refusing one mail."""
    return isinstance(error, OSError) and (
        isinstance(error, SMTPServerDisconnected) or not isinstance(error, SMTPException)
    )


def _items(box: Mailbox, now: datetime) -> list[MailItem]:
    items = MailItem.objects.filter(person=box.person_id, done_at=None, due_at__lte=now)
    return list(items.select_related("notice").order_by("pk")[:ITEMS_READ])


def _try_later(box: Mailbox, now: datetime, error: Exception) -> None:
    """Plan another attempt. Neither the address nor the server's answer is logged: it may name the person."""
    log.warning("mail_refused", error=type(error).__name__, failures=box.failures + 1)
    box.failures += 1
    box.retry_at = now + min(timedelta(minutes=2 ** min(box.failures, 10)), LONGEST_WAIT)
    box.save(update_fields=["failures", "retry_at"])


def _mark_done(box: Mailbox, items: Sequence[MailItem], now: datetime, *, was_sent: bool) -> None:
    done = [item.pk for item in items if item.due_at <= now]
    MailItem.objects.filter(pk__in=done).update(done_at=now)
    if was_sent:
        box.last_sent_at, box.retry_at, box.failures = now, None, 0
        box.save(update_fields=["last_sent_at", "retry_at", "failures"])


def _lines(reader: User, items: Sequence[MailItem], now: datetime) -> dict[Line, str]:
    """Return the lines that the reader gets now, each once, in their language, with the kind of its notice."""
    off = set(MailChoice.objects.filter(person=reader, way=MailChoice.Way.OFF).values_list("kind", flat=True))
    concerns: dict[tuple[str, str, int], bool] = {}  # asked once for each organisation in this one mail
    said: dict[Line, str] = {}
    with override(reader.language):
        for item in items:
            notice, kind = item.notice, notice_kinds.get(item.notice.kind)
            if kind is None or (kind.name in off and not kind.is_mandatory):
                continue
            place = (kind.name, notice.side, notice.organisation_id)
            if place not in concerns:
                concerns[place] = recipients(notice, kind).filter(pk=reader.pk).exists()
            line = _line(reader, item, kind, now) if concerns[place] else None
            if line is not None:
                said.setdefault(line, kind.name)
    return said


def _line(reader: User, item: MailItem, kind: NoticeKind, now: datetime) -> Line | None:
    try:
        with transaction.atomic():
            return kind.line(item.notice, reader)
    except Exception as error:  # noqa: BLE001 - one kind's mistake must not silence the others
        log.error("notice_line_failed", kind=kind.name, notice=item.notice_id, error=type(error).__name__)
        item.due_at = now + LATER
        item.save(update_fields=["due_at"])
        return None


def _message(
    reader: User, said: Mapping[Line, str], first: int, connection: BaseEmailBackend
) -> EmailMultiAlternatives:
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    kinds = sorted({kind for kind in said.values() if not notice_kinds[kind].is_mandatory})
    with override(reader.language):
        context = _context(reader, list(said), kinds)
        message = EmailMultiAlternatives(
            subject=_subject(list(said)),
            body=render_to_string("notices/mail.txt", context),
            to=[reader.email],
            connection=connection,
            headers={"Message-ID": f"<{_message_name(reader, first)}@{host}>", "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(render_to_string("notices/mail.html", context), "text/html")
    if kinds:
        message.extra_headers["List-Unsubscribe"] = f"<{context['unsubscribe_url']}>"
        message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _message_name(reader: User, first: int) -> str:
    """Return the name of the mail that begins with an item: the same each time, revealing no count of others' mails."""
    return salted_hmac("portal.notices.mails.message", f"{reader.pk}.{first}", algorithm="sha256").hexdigest()[:32]


def _context(reader: User, lines: Sequence[Line], kinds: list[str]) -> dict[str, object]:
    base = settings.BASE_URL
    link = base + reverse("unsubscribe", args=[unsubscribe_token(reader, kinds)]) if kinds else ""
    return {
        "reader": reader,
        "lines": [{"text": one.text, "url": base + one.path} for one in lines[:LINES_SHOWN]],
        "more": len(lines[LINES_SHOWN:]),
        "home_url": base + reverse("home"),
        "choices_url": base + reverse("mail_choices"),
        "unsubscribe_url": link,
        "site": urlsplit(base).netloc,
    }


def _subject(lines: Sequence[Line]) -> str:
    """Return the first line's subject, or its sentence, as a single line of text, and how many more lines there are."""
    first = Truncator(" ".join((lines[0].subject or lines[0].text).split())).chars(90)
    more = len(lines) - 1
    if not more:
        return first
    return ngettext("%(first)s (and %(n)d more)", "%(first)s (and %(n)d more)", more) % {"first": first, "n": more}


def clear_old() -> int:
    """Delete items that were done, or could not be sent, before `NOTICES_KEPT`; return how many."""
    before = timezone.now() - settings.NOTICES_KEPT
    over = Q(done_at__lt=before) | Q(done_at=None, due_at__lt=before)
    return MailItem.objects.filter(over).delete()[0]
