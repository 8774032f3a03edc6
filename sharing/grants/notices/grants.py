"""Notices to a brand when a factory begins to share with it, changes the terms, or stops.

There is none of a grant that a second person of the factory has yet to confirm; `notify_started` is called again when
it is confirmed. A notice checks what is true when it is sent: of a grant that has since ended it does not say that it
started (R7), and after an end it says nothing but the end.
"""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.core.days import last_day_in_words
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, api_url, register_notice
from sharing.access.positions import Position
from sharing.grants.notices.openings import grant_may_open
from sharing.grants.notices.settling import first_settled_at
from sharing.models import SharingGrant
from sharing.notice_names import SharingNotice
from sharing.terms import Status

STARTED, CHANGED, ENDED = SharingNotice.GRANT_STARTED, SharingNotice.GRANT_CHANGED, SharingNotice.GRANT_ENDED
BRAND = {"brand": ""}


def notify_started(notify: Callable[..., None], grant: SharingGrant, position: Position) -> None:
    """Announce a grant that took effect, when it begins; if it replaces another one, announce that the terms changed.

    `notify` takes a kind, a grant and a side; `position` is the brand's, including the grant.
    """
    if not grant.is_confirmed:
        return
    kind, is_mailed = _news_of(grant)
    notify(kind, grant, "brand", not_before=grant.valid_from, is_mailed=is_mailed)
    if grant.expires_at is not None:
        notify(ENDED, grant, "brand", not_before=grant.expires_at, is_mailed=True)
    grant_may_open(grant, position)


def _news_of(grant: SharingGrant) -> tuple[SharingNotice, bool]:
    """Return which news a grant is to the brand, and whether its people are mailed.

    The terms before a change that was undone are no news to people who were notified of them; programs are told what
    the grant is called now. If the notice of those terms had not left by the change, it never does: this is its news.
    """
    before = grant.known_before
    if before is None or before == grant.replaces:
        return CHANGED if grant.replaces_id else STARTED, True
    told = Notice.objects.filter(kind__in=[STARTED, CHANGED], side="brand", organisation_id=grant.brand_id)
    first = told.filter(factory_id=grant.factory_id, subject=str(before.pk)).first()
    if first is None or (first.handled_at is not None and before.ended_at and first.handled_at < before.ended_at):
        return CHANGED, False
    return SharingNotice(first.kind), first.data.get("is_mailed", True)


def _when(notice: Notice) -> datetime | None:
    """Return when the brand is notified: not while the decision can be undone, and never of one that was undone."""
    settled = first_settled_at(SharingGrant.objects.filter(pk=notice.subject))
    return settled if settled is None or notice.kind != ENDED else notice.not_before


def notify_ended(notify: Callable[..., None], grant: SharingGrant) -> None:
    """Announce to programs that a grant ended; `sharing.grants.notices.revoking` notifies people of a revoke."""
    if grant.is_confirmed:
        notify(ENDED, grant, "brand", is_mailed=False)


def _grant_of(notice: Notice) -> SharingGrant | None:
    """Return the grant if what the notice says is true now and the brand may know it."""
    grants = SharingGrant.objects.select_related("factory", "brand", "replaces")
    grant = grants.filter(pk=notice.subject, brand=notice.organisation_id, brand__is_active=True).first()
    if grant is None or not grant.is_confirmed:
        return None
    is_live = grant.status() is Status.LIVE
    if notice.kind != ENDED:
        return grant if is_live else None
    return grant if not is_live and not _is_old_news(notice, grant) else None


def _is_old_news(notice: Notice, grant: SharingGrant) -> bool:
    """Return whether an end is no news: the planned end of a grant that was stopped or changed before, with a notice.

    An end is no news either if another grant followed before the notice was sent.
    """
    if notice.not_before > notice.created_at and grant.ended_at is not None and grant.ended_at < notice.not_before:
        return True
    again = SharingGrant.objects.live().filter(factory=grant.factory_id, brand=grant.brand_id, scope=grant.scope)
    return again.exists()


def _line(notice: Notice, reader: User) -> Line | None:
    grant = _grant_of(notice) if notice.data.get("is_mailed", True) else None
    if grant is None or not SharingGrant.objects.visible_to(reader).filter(pk=grant.pk).exists():
        return None
    words = {"factory": grant.factory.name, "what": grant.get_scope_display(), "cycles": grant.cycles_in_words()}
    if notice.kind == ENDED:
        return Line(_ended_text(grant, words), reverse("shared_list"))
    if notice.kind == CHANGED:
        text = _("%(factory)s changed what it shares with your brand. %(what)s: %(cycles)s.")
    else:
        text = _("%(factory)s now shares with your brand. %(what)s: %(cycles)s.")
    return Line(text % words + _until(grant), reverse("shared_list"))


def _ended_text(grant: SharingGrant, words: dict[str, str]) -> str:
    text = _("%(factory)s no longer shares with your brand: %(what)s.") % words
    if grant.is_end_reason_shown and grant.end_reason:
        text += " " + _("The reason given: %s") % grant.end_reason
    return text


def _until(grant: SharingGrant) -> str:
    day = last_day_in_words(grant.expires_at, grant.factory)
    return " " + _("Until %s.") % day if day else ""


def _payload(notice: Notice) -> dict[str, object] | None:
    grant = _grant_of(notice)
    if grant is None:
        return None
    factory = {"id": grant.factory_id, "bw_id": grant.factory.bw_id}
    data: dict[str, object] = {"grant": str(grant.pk), "factory": factory, "scope": grant.scope}
    if notice.kind == ENDED:
        return data | {"ended_at": min(filter(None, [grant.ended_at, grant.expires_at])).isoformat()}
    before = grant.known_before
    return data | {
        "cycles": grant.cycles,
        "cycle_numbers": grant.cycle_numbers,
        "valid_from": grant.valid_from.isoformat(),
        "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
        "replaces": str(before.pk) if before is not None else None,
        "url": api_url(reverse("api:grant", args=[grant.pk])),
    }


LABELS = {
    STARTED: gettext_lazy("A factory started sharing with your brand"),
    CHANGED: gettext_lazy("A factory changed what it shares with your brand"),
    ENDED: gettext_lazy("Your brand's access has expired"),
}
# Programs get this one type for each end; `sharing.grants.notices.revoking` mails people about a revoke.
WEBHOOK_LABELS = {ENDED: gettext_lazy("Your brand's access ended: the factory stopped it, or it expired")}
for _name, _label in LABELS.items():
    register_notice(
        NoticeKind(
            _name,
            _label,
            _line,
            sides=BRAND,
            payload=_payload,
            webhook_label=WEBHOOK_LABELS.get(_name, ""),
            when=_when,
        )
    )
