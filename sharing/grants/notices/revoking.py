"""Notices to both sides of ended access, and of copies to destroy. Each checks anew what may be said."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.accounts.sides import Side
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, register_notice
from sharing.models import DestroyNotice, SharingGrant
from sharing.notice_names import SharingNotice


def _ended(notice: Notice, reader: User) -> Line | None:
    """Notify of the end of one grant; say nothing to a brand that has since been granted the same again."""
    found = SharingGrant.objects.visible_to(reader).filter(pk=notice.subject, ended_at__isnull=False)
    grant = found.select_related("factory", "brand").first()
    if grant is None:
        return None
    words = {
        "factory": grant.factory.name,
        "brand": grant.brand.name,
        "what": grant.get_scope_display(),
        "reason": grant.end_reason,
    }
    text = _("%(factory)s ended the access of %(brand)s to “%(what)s”.") % words
    if notice.side == Side.FACTORY:
        page = reverse("factory_brand", args=[grant.factory_id, grant.brand_id])
        return Line(text, page, _("Access ended: %(brand)s") % words)
    again = SharingGrant.objects.live().filter(factory=grant.factory, brand=grant.brand, scope=grant.scope)
    if again.exists():
        return None
    if grant.is_end_reason_shown:
        text = _("%(factory)s ended the access of %(brand)s to “%(what)s”. The reason given: %(reason)s") % words
    return Line(text, reverse("shared_list"))


def _to_destroy(notice: Notice, reader: User) -> Line | None:
    """Notify a brand of copies to destroy that it has not answered for."""
    found = DestroyNotice.objects.asked_of(reader).open().filter(pk=notice.subject).select_related("factory", "brand")
    asked: Any = found.with_counts().first()
    if asked is None:
        return None
    words = {"factory": asked.factory.name, "brand": asked.brand.name, "count": asked.copy_count}
    text = _("%(factory)s asks %(brand)s to destroy the copies it downloaded (%(count)s) and to confirm this.") % words
    return Line(text, reverse("copies_answer", args=[asked.pk]))


def _answered(notice: Notice, reader: User) -> Line | None:
    """Notify the factory of what a brand answered."""
    found = DestroyNotice.objects.visible_to(reader).filter(pk=notice.subject, answered_at__isnull=False)
    asked: Any = found.select_related("factory", "brand").with_counts().first()
    if asked is None:
        return None
    words = {
        "factory": asked.factory.name,
        "brand": asked.brand.name,
        "destroyed": asked.destroyed_count,
        "kept": asked.kept_count,
    }
    text = _("%(brand)s answered %(factory)s: copies destroyed: %(destroyed)s, kept: %(kept)s.") % words
    subject = _("%(brand)s: copies destroyed: %(destroyed)s, kept: %(kept)s") % words
    return Line(text, reverse("destroy_notices", args=[asked.factory_id]), subject)


FACTORY, BRAND = {"factory": ""}, {"brand": ""}
register_notice(
    NoticeKind(
        SharingNotice.ACCESS_ENDED,
        gettext_lazy("A factory stopped sharing with a brand"),
        _ended,
        sides=FACTORY | BRAND,
    )
)
register_notice(
    NoticeKind(
        SharingNotice.COPY_DESTRUCTION_ASKED,
        gettext_lazy("A factory asked for copies to be destroyed"),
        _to_destroy,
        sides=BRAND,
        is_mandatory=True,
    )
)
register_notice(
    NoticeKind(
        SharingNotice.COPY_ANSWERED,
        gettext_lazy("A brand answered a request to destroy copies"),
        _answered,
        sides=FACTORY,
    )
)
