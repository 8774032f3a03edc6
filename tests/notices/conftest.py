"""A mail that leaves without waiting, and a kind of notice of the tests' own."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.notices.handing_out import hand_out_notices
from portal.notices.mails import send_due_mails
from portal.notices.models import Mailbox, MailItem, Notice
from portal.notices.outbox import Line, NoticeKind, notice_kinds

ALL = {"factory": "", "brand": "", "programme": ""}


@pytest.fixture(autouse=True)
def _settled(decisions_are_settled: None) -> None:
    """Nobody undoes a decision here, so nobody waits for that."""


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> NoticeKind:
    """A kind that says its subject, to everybody who reads news."""
    said = NoticeKind("tests.said", "Something was said", lambda notice, _reader: Line(notice.subject, "/"), ALL)
    # Not register_notice: a test that replaces the kind must find it gone afterwards, whichever fixture ends first.
    monkeypatch.setitem(notice_kinds, said.name, said)
    return said


@pytest.fixture
def mail_now() -> Any:
    """Hand out and send what waits, as if a day had passed for everything that waits."""

    def send() -> int:
        hand_out_notices()
        pass_time()
        return send_due_mails()

    return send


def pass_time(by: timedelta = timedelta(days=2)) -> None:
    """Everything planned is due, and nobody was mailed lately."""
    MailItem.objects.filter(done_at=None).update(due_at=timezone.now() - timedelta(seconds=1))
    for box in Mailbox.objects.exclude(last_sent_at=None):
        Mailbox.objects.filter(pk=box.pk).update(last_sent_at=box.last_sent_at - by)
    Mailbox.objects.update(retry_at=None)


def open_now() -> None:
    """Every notice's time has come."""
    Notice.objects.update(not_before=timezone.now())
