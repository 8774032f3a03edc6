"""Notices of requests: asked and reminded (to the factory), answered and lapsed (to the brand).

Each checks again when it is sent: nobody is notified of a request that was since answered, withdrawn or put off.
"""

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from portal.core.listing import joined
from portal.notices.models import Notice
from portal.notices.outbox import Line, NoticeKind, api_url, register_notice
from sharing.grants.undo import settled_at
from sharing.models import AccessRequest
from sharing.notice_names import SharingNotice
from sharing.records.queries import settled
from sharing.requests.services.answers import given_with
from sharing.requests.states import Shown


def _path(request: AccessRequest) -> str:
    """Return the page of the decision: one click from the mail, after signing in."""
    return reverse("access_request", args=[request.pk])


def _to_decide(notice: Notice, reader: User) -> AccessRequest | None:
    """Return the request, if it still waits for this reader's decision."""
    rows = AccessRequest.objects.visible_to(reader).waiting().decidable_by(reader).select_related("factory", "brand")
    return rows.filter(pk=UUID(notice.subject)).first()


def _asked(notice: Notice, reader: User) -> Line | None:
    request = _to_decide(notice, reader)
    if request is None:
        return None
    text, subject = _("%(brand)s asks %(factory)s for: %(what)s."), _("%(brand)s asks for access")
    return Line(text % _words(request), _path(request), subject % _words(request))


def _reminder(notice: Notice, reader: User) -> Line | None:
    request = _to_decide(notice, reader)
    if request is None:
        return None
    text = _("%(brand)s is still waiting for an answer from %(factory)s; it asked for: %(what)s.")
    subject = _("%(brand)s is still waiting for your answer")
    return Line(text % _words(request), _path(request), subject % _words(request))


def _answered(notice: Notice, reader: User) -> Line | None:
    request = _of_brand(notice, reader)
    sentences = {
        Shown.APPROVED: _("%(factory)s approved your request."),
        Shown.DECLINED: _("%(factory)s declined your request."),
    }
    if request is None or request.shown_state not in sentences:
        return None
    return Line(sentences[Shown(request.shown_state)] % _words(request), _path(request))


def _lapsed(notice: Notice, reader: User) -> Line | None:
    request = _of_brand(notice, reader)
    if request is None:
        return None
    return Line(_("%(factory)s did not answer your request in time; it has expired.") % _words(request), _path(request))


def _of_brand(notice: Notice, reader: User) -> AccessRequest | None:
    rows = AccessRequest.objects.visible_to(reader).for_reader(reader).select_related("factory", "brand")
    found = rows.filter(pk=UUID(notice.subject)).first()
    return None if found is None or found.from_inside else found


def _words(request: AccessRequest) -> dict[str, str]:
    what = joined(request.scope_labels)
    return {"brand": request.brand.name, "factory": request.factory.name, "what": what}


def _payload(notice: Notice) -> dict[str, object] | None:
    """Return, for the brand's programs, which request was answered, as the brand sees it now."""
    rows = AccessRequest.objects.filter(pk=UUID(notice.subject), brand=notice.brand_id).for_brand()
    request = rows.select_related("factory").first()
    if request is None or request.shown_state == Shown.OPEN:
        return None
    path = reverse("api:request", args=[request.pk])
    return {
        "request": str(request.pk),
        "factory": {"id": request.factory_id, "bw_id": request.factory.bw_id},
        "state": request.shown_state,
        "url": api_url(path),
    }


def _when_answered(notice: Notice) -> datetime | None:
    """Return when the brand is notified of an answer: not while it can be undone, and never of one that was."""
    request = AccessRequest.objects.filter(pk=UUID(notice.subject)).first()
    if request is None or request.answered_at is None or request.answered_at > notice.created_at:
        return None  # it was undone; a later answer has its own notice
    return settled_at(notice.created_at, is_settled=bool(settled(given_with(request))))


DECIDERS, BRAND = {"factory": "manage_sharing"}, {"brand": ""}
register_notice(
    NoticeKind(SharingNotice.REQUEST_SENT, gettext_lazy("A brand asked for access"), _asked, sides=DECIDERS)
)
register_notice(
    NoticeKind(
        SharingNotice.REQUEST_REMINDED, gettext_lazy("A brand is waiting for an answer"), _reminder, sides=DECIDERS
    )
)
register_notice(
    NoticeKind(
        SharingNotice.REQUEST_ANSWERED,
        gettext_lazy("A factory answered a request"),
        _answered,
        sides=BRAND,
        payload=_payload,
        when=_when_answered,
    )
)
register_notice(
    NoticeKind(SharingNotice.REQUEST_LAPSED, gettext_lazy("A request was not answered in time"), _lapsed, sides=BRAND)
)
