"""Writing notices, and knowing what each kind of them says.

A service announces inside the transaction of its change; nothing leaves before the commit. Kinds register
themselves here, for this layer is below those that know what they are about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import kinds as organisation_kinds
from portal.notices.models import Notice
from portal.notices.names import NoticeName


@dataclass(frozen=True)
class Line:
    """One line of a mail: the sentence, and the page (path) where its reader acts on it."""

    text: str
    path: str


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notice: its word, its label in the list of preferences, and what it says.

    `line(notice, reader)` answers what this reader is told now, in the active language, or None where they may not
    or need not be told any more (revoked, answered, no longer a member). `is_mandatory`: no unsubscribing.
    `sides` names the kinds of organisation it is for, each with the permission that those of its people hold who are
    told; without one, who reads its news at all (`OrganisationKind.news`). `mails`, where given, are the sides whose
    people are mailed: the programs alone of the others are told.

    `payload(notice)` makes it a webhook, too: what the organisation's programs are told now, ids and addresses of
    the API only, or None where the organisation may not know any more. `webhook` is its type where that is another
    word than `name`, `webhook_label` its label where programs are told of more than people are mailed of.

    `when(notice)` is asked once a notice's time has come: the moment it is to be told (one that is past: now; one to
    come: not before then), or None where it never is. What is not to be told leaves no trace at any organisation.
    """

    name: str
    label: Any
    line: Callable[[Notice, User], Line | None]
    sides: Mapping[str, str]
    is_mandatory: bool = False
    mails: frozenset[str] | None = None
    payload: Callable[[Notice], dict[str, Any] | None] | None = None
    webhook: str = ""
    webhook_label: Any = ""
    when: Callable[[Notice], datetime | None] | None = None

    @property
    def webhook_type(self) -> str:
        """The type of its webhook; empty where it has none."""
        return (self.webhook or self.name) if self.payload is not None else ""

    def reader(self, side: str) -> str:
        """The permission of those who are mailed in an organisation of this kind; empty: nobody there is."""
        if side not in self.sides or (self.mails is not None and side not in self.mails):
            return ""
        return self.sides[side] or organisation_kinds[side].news


def api_url(path: str) -> str:
    """A path of the API as a payload names it: a whole address."""
    return str(settings.BASE_URL) + path


notice_kinds: dict[str, NoticeKind] = {}


def register_notice(kind: NoticeKind) -> NoticeKind:
    """Make a kind of notice known."""
    notice_kinds[kind.name] = kind
    return kind


def announce(
    kind: NoticeName,
    *,
    side: str,
    organisation_id: int,
    factory_id: int | None = None,
    brand_id: int | None = None,
    subject: object = "",
    once: str | None = None,
    not_before: datetime | None = None,
    **data: Any,
) -> None:
    """Write down that an organisation is to be told of `subject`; call it inside the change's transaction.

    With `once`, the same key is written once only, ever. Otherwise as `notice_of`.
    """
    notice = notice_of(
        kind,
        side=side,
        organisation_id=organisation_id,
        factory_id=factory_id,
        brand_id=brand_id,
        subject=subject,
        not_before=not_before,
        **data,
    )
    notice.once = once
    Notice.objects.bulk_create([notice], ignore_conflicts=once is not None)


def notice_of(
    kind: NoticeName,
    *,
    side: str,
    organisation_id: int,
    factory_id: int | None = None,
    brand_id: int | None = None,
    subject: object = "",
    not_before: datetime | None = None,
    **data: Any,
) -> Notice:
    """Return one notice, not written yet: a decision that has several writes them together.

    `side` is the kind of organisation ("factory", "brand", "programme"), `data` holds ids and words, never contents.
    Raises `LookupError` for a kind that nobody registered, or that is not for this side.
    """
    if kind not in notice_kinds or side not in notice_kinds[kind].sides:
        raise LookupError(f"No kind of notice {kind!r} for a {side}")
    return Notice(
        kind=str(kind),
        side=side,
        organisation_id=organisation_id,
        factory_id=factory_id,
        brand_id=brand_id,
        subject=str(subject),
        not_before=not_before or timezone.now(),
        data=data,
    )
