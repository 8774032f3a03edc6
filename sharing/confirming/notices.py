"""Notices about grants that a second person confirms. Each checks anew what may be said."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from factories.rights import member_may
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, register_notice
from sharing.models import SharingGrant
from sharing.notice_names import SharingNotice
from sharing.terms import Status


def _grant(notice: Notice, reader: User) -> SharingGrant | None:
    found = SharingGrant.objects.visible_to(reader).filter(pk=notice.subject)
    return found.select_related("factory", "brand", "granted_by").first()


def _words(grant: SharingGrant) -> dict[str, object]:
    return {"factory": grant.factory.name, "brand": grant.brand.name, "what": grant.get_scope_display()}


def _to_confirm(notice: Notice, reader: User) -> Line | None:
    """Notify those who may confirm it of a grant that waits."""
    grant = _grant(notice, reader)
    may_confirm = member_may(reader, "confirm_sharing", notice.organisation_id)
    if grant is None or grant.status() is not Status.UNCONFIRMED or not may_confirm or grant.granted_by_id == reader.pk:
        return None
    text = _("%(factory)s wants to share “%(what)s” with %(brand)s: confirm or refuse it.") % _words(grant)
    subject = _("Confirm or refuse: access of %(brand)s") % _words(grant)
    return Line(text, reverse("grant_confirmation", args=[grant.pk]), subject)


def _answered(notice: Notice, reader: User) -> Line | None:
    """Notify the factory's people of the second person's answer."""
    grant = _grant(notice, reader)
    if grant is None:
        return None
    if grant.confirmed_at is not None:
        text, subject = (
            _("%(factory)s: sharing “%(what)s” with %(brand)s is confirmed."),
            _("Confirmed: access of %(brand)s"),
        )
    else:
        text, subject = (
            _("%(factory)s: sharing “%(what)s” with %(brand)s was refused."),
            _("Refused: access of %(brand)s"),
        )
    page = reverse("factory_brand", args=[grant.factory_id, grant.brand_id])
    return Line(text % _words(grant), page, subject % _words(grant))


register_notice(
    NoticeKind(
        SharingNotice.CONFIRMATION_ASKED,
        gettext_lazy("Access is waiting for your confirmation"),
        _to_confirm,
        sides={"factory": "confirm_sharing"},
    )
)
register_notice(
    NoticeKind(
        SharingNotice.CONFIRMATION_ANSWERED,
        gettext_lazy("Access was confirmed or refused"),
        _answered,
        sides={"factory": ""},
    )
)
