"""Undoing what was just decided: grants end for the reason `undone`, and answered requests are open again.

Terms that a change replaced are shared again by a new grant. Stopping is not undone but resumed: it has taken effect.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from factories.models import Factory
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.events import record
from sharing.access.positions import Position
from sharing.events import SharingEvent, ids_of
from sharing.grants.ends import End
from sharing.grants.services.granting import end_grant, settle
from sharing.grants.services.journal import Journal
from sharing.grants.services.outcomes import changing, end_of, terms_again
from sharing.grants.services.situation import Situation, deciding_situation
from sharing.grants.undo import UNDO_TIME, may_be_undone
from sharing.models import AccessRequest, SharingGrant
from sharing.records.queries import settled
from sharing.requests.services.answers import given_with
from sharing.requests.states import State

ANSWERS = (State.APPROVED, State.DECLINED)


@dataclass(frozen=True)
class Undone:
    """The grants that ended and the requests that are open again."""

    grants: list[SharingGrant]
    requests: list[AccessRequest]


@transaction.atomic
def undo(*, by: User, factory: Factory, grants: Collection[UUID] = (), requests: Collection[UUID] = ()) -> Undone:
    """Undo these grants of a factory and answers to requests, and what was decided with them: all of it, or nothing.

    Idempotent: what was undone before is passed over. Raises `PermissionDenied`, or `HasChangedError` where something
    cannot be undone any more.
    """
    own = SharingGrant.objects.filter(factory=factory)
    answered = AccessRequest.objects.filter(Q(pk__in=requests) | Q(grants__in=grants), factory=factory)
    chosen = own.filter(pk__in=grants) | own.filter(requests__in=answered.values("pk"))
    brands = {*chosen.values_list("brand", flat=True), *answered.values_list("brand", flat=True)}
    situation = deciding_situation(by, factory.pk, brands)
    asked = AccessRequest.objects.filter(pk__in=answered.values("pk")).select_for_update(of=("self",)).order_by("pk")
    reopened = [one for one in asked if one.state != State.OPEN and _is_answer_of(one, by, named=requests)]
    _must_be_answered_just_now(by, reopened, situation.now)
    linked = {key for one in reopened for key in given_with(one).values_list("pk", flat=True)}
    ended = _to_end(situation, by, set(grants), linked)
    journal = Journal(situation)
    for grant in ended:
        _undo_grant(journal, situation.of(grant.brand_id), grant)
    journal.write()
    for request in reopened:
        _reopen(request, by)
    return Undone(ended, reopened)


def _is_answer_of(request: AccessRequest, by: User, *, named: Collection[UUID]) -> bool:
    """Return whether undoing concerns a request: it was named, or `by` answered it with a grant that is undone."""
    return request.pk in named or (request.state == State.APPROVED and request.answered_by_id == by.pk)


def _must_be_answered_just_now(by: User, requests: Iterable[AccessRequest], now: datetime) -> None:
    for one in requests:
        if one.state not in ANSWERS or one.answered_by_id != by.pk or one.answered_at is None:
            raise HasChangedError(_("Only the person who answered this request can undo the answer."))
        if one.answered_at <= now - UNDO_TIME or one.lapses_at <= now:
            raise _too_late()
        if AccessRequest.objects.open().filter(factory=one.factory_id, brand=one.brand_id).exists():
            raise HasChangedError(_("The brand has sent a new request since. Answer that one."))


def _too_late() -> HasChangedError:
    minutes = int(UNDO_TIME.total_seconds() // 60)
    text = _(
        "This cannot be undone any more: %(minutes)s minutes have passed, or the brand has read data or the receipt "
        "since."
    )
    return HasChangedError(" ".join([text % {"minutes": minutes}, _("To end access, stop sharing.")]))


def _to_end(situation: Situation, by: User, named: set[UUID], linked: set[UUID]) -> list[SharingGrant]:
    """Return the grants to end: those named, and those given with an answer that is undone."""
    keys = named | linked
    used = settled(SharingGrant.objects.filter(pk__in=keys))  # read under the factory's lock: see `settle`
    found = []
    for position in situation.positions.values():
        for grant in [one for one in position.grants if one.pk in keys and one.end_code != End.UNDONE]:
            if may_be_undone(grant, by, situation.now, is_settled=grant.pk in used):
                found.append(grant)
            elif grant.pk in named or grant.ended_at is None:
                raise _too_late()
    return found


def _undo_grant(journal: Journal, position: Position, grant: SharingGrant) -> None:
    """End a grant; share again on the terms that it replaced, if those would still be in force."""
    before = grant.replaces
    if before is None or before.end_code != End.CHANGED or _has_expired(before, journal.situation.now):
        end_grant(journal, grant, End.UNDONE)
        return
    terms = terms_again(before, journal.situation.now)
    # The moment is named, because terms that differ in nothing but their start count as the same without one.
    begins = terms.valid_from or end_of(grant, journal.situation.now)
    outcome = changing(journal.situation, position, grant, replace(terms, valid_from=begins))
    if not outcome.grant.is_confirmed:
        raise HasChangedError(_("A second person has to confirm the earlier terms. Change the access instead."))
    settle(journal, replace(outcome, end_code=End.UNDONE))


def _has_expired(grant: SharingGrant, now: datetime) -> bool:
    return grant.expires_at is not None and grant.expires_at <= now


def _reopen(request: AccessRequest, by: User) -> None:
    answer = request.state
    request.state, request.answered_at, request.answered_by, request.decline_reason = State.OPEN, None, None, ""
    request.save(update_fields=["state", "answered_at", "answered_by", "decline_reason"])
    record(SharingEvent.REQUEST_REOPENED, by=by, answer=answer, **ids_of(request))


def answer_can_be_undone(request: AccessRequest, by: User) -> bool:
    """Return whether `by` just answered a request; whether the brand has used it since is asked of the grants."""
    now = timezone.now()
    is_own = request.state in ANSWERS and request.answered_by_id == by.pk and request.answered_at is not None
    return is_own and request.answered_at > now - UNDO_TIME and request.lapses_at > now  # type: ignore[operator]
