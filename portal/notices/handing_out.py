"""From what was announced to what is sent: one mail item for each person, one message for each endpoint.

Several workers may do this at once: each notice is taken by one of them, and what it leads to is written in the same
transaction. A worker that is killed leaves the notice for the next one.
"""

from datetime import datetime, time, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import holders, kinds
from portal.core.days import UTC_DAYS, day_of, moment_at
from portal.notices.models import Mailbox, MailChoice, MailItem, Notice, WebhookDelivery, WebhookEndpoint
from portal.notices.outbox import NoticeKind, notice_kinds

AT_ONCE = 200  # notices in one transaction
GATHER = timedelta(minutes=1)  # a mail waits this long for other notices of the same change
LATER = timedelta(hours=1)  # a notice whose time could not be determined is tried again
log = structlog.get_logger(__name__)


def hand_out_notices() -> int:
    """Hand out every notice whose time has come; return how many there were."""
    done = 0
    while taken := _hand_out_some():
        done += taken
    return done


@transaction.atomic
def _hand_out_some() -> int:
    waiting = Notice.objects.filter(handled_at=None, not_before__lte=timezone.now()).order_by("not_before", "id")
    notices = list(waiting.select_for_update(skip_locked=True)[:AT_ONCE])
    items: list[MailItem] = []
    deliveries: list[WebhookDelivery] = []
    done: list[int] = []
    for notice in notices:
        kind = notice_kinds.get(notice.kind)  # a kind that only an older release knew is dropped
        moment = _when(notice, kind) if kind is not None else None
        if moment is not None and moment > timezone.now():
            Notice.objects.filter(pk=notice.pk).update(not_before=moment)
            continue
        done.append(notice.pk)
        if kind is not None and moment is not None:
            items += _mail_items(notice, kind)
            deliveries += _deliveries(notice, kind)
    Mailbox.objects.bulk_create([Mailbox(person_id=one) for one in {i.person_id for i in items}], ignore_conflicts=True)
    MailItem.objects.bulk_create(items, ignore_conflicts=True)
    WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    Notice.objects.filter(pk__in=done).update(handled_at=timezone.now())
    return len(notices)


def _when(notice: Notice, kind: NoticeKind) -> datetime | None:
    """Return when it is to be sent: now, later, or never (None)."""
    if kind.when is None:
        return notice.not_before
    try:
        with transaction.atomic():
            return kind.when(notice)
    except Exception as error:  # noqa: BLE001 - one kind's mistake must not silence the others
        log.error("notice_when_failed", kind=kind.name, notice=notice.pk, error=type(error).__name__)
        return timezone.now() + LATER


def recipients(notice: Notice, kind: NoticeKind) -> QuerySet[User]:
    """Return the people to notify now: asked when a notice is handed out, and again when the mail is made."""
    return holders(kinds[notice.side], notice.organisation_id, kind.reader(notice.side))


def _mail_items(notice: Notice, kind: NoticeKind) -> list[MailItem]:
    people = list(recipients(notice, kind).values_list("pk", flat=True))
    ways: dict[int, str] = dict.fromkeys(people, MailChoice.Way.NOW.value)
    if not kind.is_mandatory:
        ways |= MailChoice.objects.filter(person__in=people, kind=kind.name).values_list("person", "way")
    now = timezone.now()
    due = {MailChoice.Way.NOW.value: now + GATHER, MailChoice.Way.DAILY.value: next_daily(now)}
    return [MailItem(notice=notice, person_id=one, due_at=due[way]) for one, way in ways.items() if way in due]


def next_daily(now: datetime) -> datetime:
    """Return the next time that daily mails leave: `MAIL_DAILY_HOUR` o'clock (UTC)."""
    today = moment_at(day_of(now, UTC_DAYS), time(settings.MAIL_DAILY_HOUR), UTC_DAYS)
    return today if today > now else today + timedelta(days=1)


def _deliveries(notice: Notice, kind: NoticeKind) -> list[WebhookDelivery]:
    if not kind.webhook_type:
        return []
    endpoints = WebhookEndpoint.objects.filter(
        side=notice.side,
        organisation_id=notice.organisation_id,
        kinds__contains=[kind.webhook_type],
        paused_at=None,
        removed_at=None,
    )
    now = timezone.now()
    return [
        WebhookDelivery(endpoint=one, notice=notice, kind=kind.webhook_type, next_attempt_at=now) for one in endpoints
    ]
