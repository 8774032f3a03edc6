"""The answering of requests: by a grant that the brand has, or by a no.

A yes that a second person has to confirm answers nothing yet: to the brand the request stays open in every respect.
The first of its grants to be confirmed answers it; its other waiting grants can be confirmed later. When the last one
that waits is refused, it is answered, too: with a yes if the brand has something of what was approved, otherwise with
a no. A yes that a manager takes back leaves it open.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.events import record
from portal.notices.outbox import announce
from sharing.events import SharingEvent, ids_of
from sharing.grants.models import SharingGrantQuerySet
from sharing.models import AccessRequest, RequestAnswer, SharingGrant
from sharing.notice_names import SharingNotice
from sharing.requests.states import State

WITH_ANSWER = timedelta(minutes=1)  # one transaction writes the grants and then the answer
EVENT_OF_ANSWER = {
    State.APPROVED: SharingEvent.REQUEST_APPROVED,
    State.DECLINED: SharingEvent.REQUEST_DECLINED,
    State.WITHDRAWN: SharingEvent.REQUEST_WITHDRAWN,
    State.LAPSED: SharingEvent.REQUEST_LAPSED,
}


def locked_request(request: AccessRequest) -> AccessRequest:
    """Return the request as it is now, locked until the transaction ends."""
    rows = AccessRequest.objects.select_for_update(of=("self",))
    return rows.select_related("factory__programme", "brand", "answered_by").get(pk=request.pk)


def close_request(request: AccessRequest, state: State, by: User, *, actor: User | None = None, **data: Any) -> None:
    """Close a locked request with its event; `by` answered it, and `actor`, if somebody else, made the answer final.

    The brand is notified of a yes and of a no.
    """
    request.state, request.answered_at, request.answered_by = state, timezone.now(), by
    request.save(update_fields=["state", "answered_at", "answered_by", "decline_reason"])
    record(EVENT_OF_ANSWER[state], by=actor or by, **ids_of(request), **data)
    if state != State.WITHDRAWN:
        announce(SharingNotice.REQUEST_ANSWERED, side="brand", organisation_id=request.brand_id, **ids_of(request))


def link_answer(request: AccessRequest, grants: Iterable[SharingGrant]) -> None:
    """Link a request to the grants that answer it, or will once they are confirmed. Idempotent."""
    answers = [RequestAnswer(request=request, grant=grant) for grant in grants]
    RequestAnswer.objects.bulk_create(answers, ignore_conflicts=True)


def given_with(request: AccessRequest) -> SharingGrantQuerySet:
    """Return the grants that were given, or confirmed, with the answer of a request; not those that it only kept."""
    since = (request.answered_at or request.created_at) - WITH_ANSWER
    given = Q(created_at__gt=since) | Q(confirmed_at__gt=since)
    return SharingGrant.objects.filter(given, requests=request, granted_by=request.answered_by)


def requests_to_answer(grant: Any, at: datetime) -> list[AccessRequest]:
    """Return the requests for which a grant of a locked situation can be confirmed at a moment.

    They are open, or were answered with a yes when another grant of theirs was confirmed. They are locked: none lapses
    before the transaction ends, so whoever confirms the grant answers them, too. Raises `ValidationError` where the
    grant was to answer requests, and nobody asks for it any more.
    """
    if not grant.is_asked_for:
        return []
    rows = AccessRequest.objects.filter(grants=grant).select_for_update(of=("self",)).order_by("pk")
    asking = [one for one in rows if one.state == State.APPROVED or one.is_open_at(at)]
    if not asking:
        raise HasChangedError(_("The brand's request is no longer open, so there is nothing to confirm."))
    return asking


def answer_with(requests: Iterable[AccessRequest], grant: SharingGrant, *, by: User) -> None:
    """Answer the open ones of `requests_to_answer` once the second person (`by`) has confirmed the grant.

    The answer is its granter's yes.
    """
    for request in requests:
        if request.state == State.OPEN:
            _approve(request, grant.granted_by, actor=by)


def answer_without(grant: SharingGrant, *, by: User) -> None:
    """Answer the open requests of a grant that the second person (`by`) has just refused, where nothing else waits.

    The grant comes from a locked situation.
    """
    for request in _open_requests(grant):
        if request.grants.filter(ended_at=None).unconfirmed().exists():
            continue
        if request.grants.confirmed().filter(ended_at=None).exists():
            _approve(request, grant.granted_by, actor=by)
        else:
            close_request(request, State.DECLINED, by)


def carry_over(proposals: Iterable[SharingGrant], grant: SharingGrant, *, by: User) -> None:
    """Let a grant replace proposals as the answer to the open requests that they were to answer."""
    for proposal in proposals:
        for request in _open_requests(proposal):
            link_answer(request, [grant])
            if grant.is_confirmed:
                _approve(request, by, actor=by)


def _approve(request: AccessRequest, by: User, *, actor: User) -> None:
    given = list(request.grants.confirmed().filter(ended_at=None).order_by("scope"))
    said = {"scopes": [grant.scope for grant in given], "grants": [str(grant.pk) for grant in given]}
    close_request(request, State.APPROVED, by, actor=actor, **said)


def _open_requests(grant: Any) -> QuerySet[AccessRequest]:
    """Return the open requests that a grant of a locked situation is to answer, locked in turn."""
    if not grant.is_still_asked_for:
        return AccessRequest.objects.none()
    rows = AccessRequest.objects.open().filter(grants=grant)
    return rows.select_for_update(of=("self",)).order_by("pk")
