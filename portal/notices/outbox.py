"""Functions that write notices, and the registry of what each kind of them says.

A service announces inside the transaction of its change; nothing leaves before the commit. Kinds register
themselves here, because this layer is below the apps that know what they are about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import kinds as organisation_kinds
from portal.notices.kinds import NoticeName
from portal.notices.models import Notice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Line:
    """One line of a mail: the sentence, and the page (path) where its reader acts on it.

    `subject` is what the mail is called where this line is its first: what happened, then to which brand or report, in
    60 characters. Without it, the mail begins with the sentence.
    """

    text: str
    path: str
    subject: str = ""


@dataclass(frozen=True)
class NoticeKind:
    """A kind of notice: its word, its label in the list of preferences, and what it says.

    `line(notice, reader)` returns what this reader gets now, in the active language, or None where they no longer may
    or need to know (revoked, answered, no longer a member). `is_mandatory`: no unsubscribing.
    `sides` names the kinds of organisation it is for, each with the permission of those people who are notified; where
    it is empty, that of reading the organisation's news (`OrganisationKind.news`). `mails`, where given, are the sides
    whose people are mailed: on the other sides only programs are notified.

    `payload(notice)` makes it a webhook, too: what the organisation's programs get now, only ids and addresses of
    the API, or None where the organisation may no longer know. `webhook` is its type where that differs from
    `name`, `webhook_label` its label where programs are notified of more than people are mailed about.

    `when(notice)` is asked once a notice's time has come. It returns the moment to send it (past: now; future: not
    before then), or None for never. What is never sent leaves no trace at any organisation.
    """

    name: str
    label: "StrOrPromise"
    line: Callable[[Notice, User], Line | None]
    sides: Mapping[str, str]
    is_mandatory: bool = False
    mails: frozenset[str] | None = None
    payload: Callable[[Notice], Mapping[str, object] | None] | None = None
    webhook: str = ""
    webhook_label: "StrOrPromise" = ""
    when: Callable[[Notice], datetime | None] | None = None

    @property
    def webhook_type(self) -> str:
        """The type of its webhook; empty where it has none."""
        return (self.webhook or self.name) if self.payload is not None else ""

    def reader(self, side: str) -> str:
        """Return the permission of those who are mailed in an organisation of this kind; empty where nobody is."""
        if side not in self.sides or (self.mails is not None and side not in self.mails):
            return ""
        return self.sides[side] or organisation_kinds[side].news


def api_url(path: str) -> str:
    """Return a path of the API as a payload contains it: a complete address."""
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
    **data: object,
) -> None:
    """Write a notice of `subject` to an organisation; call it inside the change's transaction.

    With `once`, the same key is written only once, ever. Otherwise as `notice_of`.
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
    **data: object,
) -> Notice:
    """Return one notice, not saved yet: a decision that has several saves them together.

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
