"""Mails of notices: who gets them, how many, what a revoke leaves of them, and what a broken server loses."""

import re
import threading
from email import message_from_bytes
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from portal.core.models import Event
from portal.notices.handing_out import hand_out_notices
from portal.notices.mails import send_due_mails
from portal.notices.models import Mailbox, MailChoice, MailItem, Notice
from portal.notices.outbox import Line, NoticeKind, announce, notice_kinds
from portal.notices.preferences import choose_mails
from tests.notices.conftest import ALL, pass_time
from tests.world import World, build_world


def say(world: World, *subjects: str, side: str = "factory", **more: Any) -> None:
    organisation = {"factory": world.factory_a, "brand": world.brand_a, "programme": world.cambodia}[side]
    for subject in subjects:
        announce("tests.said", side=side, organisation_id=organisation.pk, subject=subject, **more)


def receivers() -> list[str]:
    return sorted(message.to[0] for message in mail.outbox)


def test_each_persons_notices_are_one_mail(world: World, kind: NoticeKind, mail_now: Any) -> None:
    subjects = [f"Thing {number}" for number in range(60)] + ["Thing 7"]
    place = {"kind": "tests.said", "side": "brand", "organisation_id": world.brand_a.pk}
    Notice.objects.bulk_create(Notice(subject=subject, **place) for subject in subjects)
    mail_now()
    assert receivers() == ["brand.a.manager@test.example", "brand.a.member@test.example"]
    one = mail.outbox[0]
    assert one.subject == "Thing 0 (and 59 more)"
    assert "Thing 19" in one.body
    assert "Thing 20\n" not in one.body
    assert "and 40 more" in one.body
    assert one.alternatives[0].content.count("<li>") == 20
    say(world, "Later", side="brand")
    hand_out_notices()
    MailItem.objects.filter(done_at=None).update(due_at="2020-01-01T00:00Z")
    assert send_due_mails() == 0, "one mail in the interval"
    pass_time()
    assert send_due_mails() == 2
    assert mail.outbox[-1].subject == "Later"


def test_who_is_told(world: World, kind: NoticeKind, mail_now: Any) -> None:
    """No advisor, constituent, token, closed account or other organisation; nobody who left before it was sent."""
    say(world, "To the brand", side="brand")
    say(world, "To the country", side="programme")
    say(world, "To the factory")
    hand_out_notices()
    leaver = world.person("member_a")
    leaver.groups.clear()
    mail_now()
    told = {message.to[0]: message.subject for message in mail.outbox}
    assert told == {
        "manager.a@test.example": "To the factory",
        "representative.a@test.example": "To the factory",
        "brand.a.manager@test.example": "To the brand",
        "brand.a.member@test.example": "To the brand",
        "team.leader@test.example": "To the country",
        "programme.manager@test.example": "To the country",
    }


def test_unsubscribing(world: World, kind: NoticeKind, mail_now: Any, client_of: Any) -> None:
    """One click without signing in; asking changes nothing; a forged link does nothing."""
    person = world.person("manager_a")
    say(world, "First")
    mail_now()
    sent = next(message for message in mail.outbox if message.to == [person.email])
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = sent.extra_headers["List-Unsubscribe"].removeprefix("<http://testserver").removesuffix(">")
    browser = Client(enforce_csrf_checks=True)
    assert "Something was said" in browser.get(url).content.decode()
    assert not MailChoice.objects.exists()
    assert browser.post(url[:-4] + "xxx/").status_code == 404
    answer = browser.post(url, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert "no more e-mails" in answer.content.decode()
    assert MailChoice.objects.get().person == person
    assert Event.objects.filter(kind="mail.chosen", actor=person).count() == 1
    mail.outbox.clear()
    say(world, "Second")
    mail_now()
    assert receivers() == ["member.a@test.example", "representative.a@test.example"]


def test_choices(world: World, kind: NoticeKind, client_of: Any, mail_now: Any, monkeypatch: Any) -> None:
    """Once a day; switched off after it was announced; what is mandatory is mailed and says so."""
    browser = client_of(world.person("manager_a"))
    page = browser.get(reverse("mail_choices")).content.decode()
    assert "Something was said" in page
    assert browser.post(reverse("mail_choices"), {"tests.said": "sometimes"}).status_code == 400
    ways = dict.fromkeys(re.findall(r'<select name="([^"]+)"', page), "daily")
    assert browser.post(reverse("mail_choices"), ways).status_code == 302
    say(world, "Daily")
    hand_out_notices()
    due = MailItem.objects.get(person=world.person("manager_a")).due_at
    assert (due.hour, due.minute) == (6, 0)
    choose_mails(by=world.person("manager_a"), ways={"tests.said": "off"})
    mail_now()
    assert "manager.a@test.example" not in receivers()
    mail.outbox.clear()
    must = NoticeKind("tests.said", "Said", lambda notice, _reader: Line(notice.subject, "/"), ALL, is_mandatory=True)
    monkeypatch.setitem(notice_kinds, "tests.said", must)
    say(world, "You must know")
    mail_now()
    mine = next(message for message in mail.outbox if message.to == ["manager.a@test.example"])
    assert "List-Unsubscribe" not in mine.extra_headers
    assert "cannot be switched off" in mine.body
    assert "tests.said" not in browser.get(reverse("mail_choices")).content.decode().split("Always sent by e-mail")[0]


def test_a_line_that_fails_stops_nobody(world: World, kind: NoticeKind, mail_now: Any, monkeypatch: Any) -> None:
    def line(notice: Notice, _reader: Any) -> Line:
        if notice.subject == "Bad":
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        return Line(notice.subject, "/")

    monkeypatch.setitem(notice_kinds, "tests.said", NoticeKind("tests.said", "Said", line, ALL))
    say(world, "Bad", "Good")
    assert mail_now() == 3
    assert {message.subject for message in mail.outbox} == {"Good"}
    assert MailItem.objects.filter(done_at=None).count() == 3


class Refusing(EmailBackend):
    """A mail server that takes nothing from some, or goes away."""

    refused: set[str] = set()
    is_away = False

    def send_messages(self, messages: Any) -> int:
        if self.is_away:
            raise SMTPServerDisconnected("gone")
        for message in messages:
            if message.to[0] in self.refused:
                raise SMTPRecipientsRefused({message.to[0]: (550, b"no")})
        return super().send_messages(messages)


def test_a_mail_server_that_refuses_or_is_away_loses_nothing(
    world: World, kind: NoticeKind, mail_now: Any, settings: Any, monkeypatch: Any
) -> None:
    settings.EMAIL_BACKEND = "tests.notices.test_mails.Refusing"
    monkeypatch.setattr(Refusing, "refused", {"manager.a@test.example"})
    say(world, "First")
    assert mail_now() == 2
    box = Mailbox.objects.get(failures=1)
    assert box.person == world.person("manager_a")
    assert box.retry_at is not None
    assert box.last_sent_at is None
    monkeypatch.setattr(Refusing, "is_away", True)
    say(world, "Second")
    assert mail_now() == 0
    monkeypatch.setattr(Refusing, "is_away", False)
    monkeypatch.setattr(Refusing, "refused", set())
    pass_time()
    assert send_due_mails() == 3
    texts = {message.to[0]: message.body for message in mail.outbox[2:]}
    assert "First" in texts["manager.a@test.example"]
    assert "Second" in texts["manager.a@test.example"]
    assert "First" not in texts["member.a@test.example"]


def test_mails_say_no_more_than_they_need_and_inject_nothing(world: World, kind: NoticeKind, mail_now: Any) -> None:
    say(world, "A\nBcc: x@evil.example <b>bold</b>")
    mail_now()
    one = message_from_bytes(mail.outbox[0].message().as_bytes())
    assert one["Bcc"] is None
    assert "\n" not in mail.outbox[0].subject
    assert "<b>" not in mail.outbox[0].alternatives[0].content
    assert one["Auto-Submitted"] == "auto-generated"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_workers_and_a_killed_one_neither_double_nor_lose(kind: NoticeKind) -> None:
    """A worker that dies while it sends leaves the mailbox as it was; while it sends, nobody else takes it."""
    world = build_world()
    say(world, "Once")
    hand_out_notices()
    pass_time()
    seen: list[int] = []

    def other() -> None:
        seen.append(send_due_mails())
        connection.close()

    class Killed(BaseException):
        pass

    with pytest.raises(Killed), transaction.atomic():  # noqa: PT012 - the worker's death is what comes last
        Mailbox.objects.select_for_update().get(person=world.person("manager_a"))
        MailItem.objects.filter(person=world.person("manager_a")).update(done_at="2020-01-01T00:00Z")
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        raise Killed
    assert seen == [2]
    assert send_due_mails() == 1
    assert receivers() == ["manager.a@test.example", "member.a@test.example", "representative.a@test.example"]
