"""The verbs of a factory: approve, decline and postpone a request.

An answer never opens more than was asked. Answering locks the factory's row, as every decision on consent does, then
the request's. `sharing.requests.services.answers` explains when an approval answers a request.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.days import days_from_now, last_day_in_words, moment_in_words, start_of
from portal.core.events import record
from sharing.access.positions import Position
from sharing.events import SharingEvent, ids_of
from sharing.grants.services.granting import authorise_decider, settle
from sharing.grants.services.journal import Journal
from sharing.grants.services.outcomes import Outcome, Terms, changing, granting
from sharing.grants.services.situation import Situation, deciding_situation
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.requests.services.answers import close_request, link_answer, locked_request
from sharing.requests.services.standing import RequestedTerms, covers
from sharing.requests.states import State
from sharing.terms import misnamed, misnamed_in_words

LONGEST_SNOOZE_DAYS = 60


class AlreadyAnsweredError(HasChangedError):
    """The error that somebody else was first; the message says who and what."""


@transaction.atomic
def approve_request(*, by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> AccessRequest:
    """Grant what was asked, or less of it, as `grant_access` and `change_grant` do.

    An existing grant that covers the terms stays as it is. If everything new in a yes has to be confirmed, the request
    stays open until then. The same yes twice counts once. Raises `PermissionDenied`, `AlreadyAnsweredError`, or
    `ValidationError` by field: for more than was asked, and as `grant_access` does.
    """
    situation = deciding_situation(by, request.factory_id, [request.brand_id])
    request = locked_request(request)
    if _is_approved_by(by, request):
        return request
    outcomes, journal = approving(situation, request, scopes, terms), Journal(situation)
    grants = [settle(journal, outcome) for outcome in outcomes]
    journal.write()
    link_answer(request, grants)
    said: dict[str, Any] = {"scopes": list(scopes), "grants": [str(grant.pk) for grant in grants]}
    if any(one.kind and one.grant.is_confirmed for one in outcomes) or all(grant.is_confirmed for grant in grants):
        close_request(request, State.APPROVED, by, **said)
    else:
        record(SharingEvent.REQUEST_ANSWER_PROPOSED, by=by, **ids_of(request), **said)
    return request


def _is_approved_by(by: User, request: AccessRequest) -> bool:
    """Return whether this person has approved a request already, even if a second person has yet to confirm it."""
    if request.state == State.OPEN:
        return request.grants.unconfirmed().filter(granted_by=by).exists()
    return request.state == State.APPROVED and request.answered_by_id == by.pk


def approving(situation: Situation, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> list[Outcome]:
    """Return the outcomes of a yes on these terms, kind by kind. Raises what `approve_request` raises."""
    _must_be_open(request)
    _must_not_exceed(request, scopes, terms)
    terms, position = replace(terms, purpose=terms.purpose or request.purpose), situation.of(request.brand_id)
    return [_giving(situation, position, scope, terms) for scope in Scope.values if scope in scopes]


def _giving(situation: Situation, position: Position, scope: str, terms: Terms) -> Outcome:
    existing = position.standing_grant(scope)
    if existing is None:
        return granting(situation, position, scope, terms)
    if _keeps(existing, terms):
        return Outcome(existing)
    return changing(situation, position, existing, terms)


def _keeps(existing: SharingGrant, terms: Terms) -> bool:
    """Return whether an existing grant covers these terms already, so that a yes leaves it as it is."""
    requested = RequestedTerms((existing.scope,), "", terms.cycles, terms.cycle_numbers, terms.expires_at)
    return covers(existing, requested) and existing.valid_from <= timezone.now()


def as_asked(request: AccessRequest) -> Terms:
    """Return the terms of a plain yes: as asked, with the country's days for which each new report is held."""
    return Terms(
        cycles=request.cycles,
        cycle_numbers=request.cycle_numbers,
        expires_at=request.expires_at,
        purpose=request.purpose,
        hold_days=request.factory.programme.grant_default_hold_days,
    )


def _must_not_exceed(request: AccessRequest, scopes: Sequence[str], terms: Terms) -> None:
    errors = {}
    if not scopes:
        errors["scopes"] = _("Choose what the brand may see, or decline the request.")
    if set(scopes) - set(request.scopes):
        errors["scopes"] = _("The brand did not ask for this kind of data.")
    asked = request.as_grant()
    if wrong := misnamed(terms.cycles, terms.cycle_numbers):
        errors["cycle_numbers"] = misnamed_in_words(wrong)
    elif not covers(asked, RequestedTerms((), "", terms.cycles, terms.cycle_numbers, request.expires_at)):
        text = _("The brand did not ask for all of these cycles. It asked for: %s.")
        errors["cycles"] = text % asked.cycles_in_words()
    if request.expires_at and (terms.expires_at is None or terms.expires_at > request.expires_at):
        day = last_day_in_words(request.expires_at, request.factory)
        errors["expires_at"] = _("The brand asked for less time: until %s.") % day
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def decline_request(*, by: User, request: AccessRequest, reason: str = "") -> AccessRequest:
    """Decline a request, with a reason that the brand reads, or without. The same no twice counts once.

    Raises `PermissionDenied` or `AlreadyAnsweredError`.
    """
    authorise_decider(by, lock_factory(request.factory_id))
    request = locked_request(request)
    if request.state == State.DECLINED and request.answered_by_id == by.pk:
        return request
    _must_be_open(request)
    request.decline_reason = reason.strip()[:300]
    close_request(request, State.DECLINED, by)
    return request


@transaction.atomic
def snooze_request(*, by: User, request: AccessRequest, days: int) -> AccessRequest:
    """Put an answer off: the factory is reminded after this many days. The request lapses when it would have anyway.

    Raises `PermissionDenied`, `AlreadyAnsweredError`, or `ValidationError` for days outside 1 to 60.
    """
    authorise_decider(by, lock_factory(request.factory_id))
    request = locked_request(request)
    _must_be_open(request)
    if not 1 <= days <= LONGEST_SNOOZE_DAYS:
        raise ValidationError({"days": _("Choose 1 to %s days.") % LONGEST_SNOOZE_DAYS})
    request.snoozed_until = request.remind_at = start_of(days_from_now(days, request.factory), request.factory)
    request.save(update_fields=["snoozed_until", "remind_at"])
    record(SharingEvent.REQUEST_POSTPONED, by=by, days=days, **ids_of(request))
    return request


@transaction.atomic
def bring_back_request(*, by: User, request: AccessRequest) -> AccessRequest:
    """Let a request that was put off wait again now. Idempotent.

    Raises `PermissionDenied` or `AlreadyAnsweredError`.
    """
    authorise_decider(by, lock_factory(request.factory_id))
    request = locked_request(request)
    _must_be_open(request)
    if not request.is_put_off_at(timezone.now()):
        return request
    request.snoozed_until = None
    request.save(update_fields=["snoozed_until"])
    record(SharingEvent.REQUEST_POSTPONED, by=by, days=0, **ids_of(request))
    return request


def _must_be_open(request: AccessRequest) -> None:
    if request.is_open_at(timezone.now()) and not request.grants.unconfirmed().exists():
        return
    raise AlreadyAnsweredError(answered_in_words(request))


def answered_in_words(request: AccessRequest) -> str:
    """Return who dealt with a request, and how: for the factory's side."""
    if request.is_open_at(timezone.now()):
        return _("This request is already approved; a second person must still confirm it.")
    if request.answered_by is None or request.answered_at is None:
        day = last_day_in_words(request.lapses_at, request.factory)
        return _("This request expired on %s: nobody answered it, so nothing is shared.") % day
    sentences = {
        State.APPROVED: _("%(who)s approved this request on %(day)s."),
        State.DECLINED: _("%(who)s declined this request on %(day)s."),
        State.WITHDRAWN: _("The brand cancelled this request on %(day)s."),
    }
    day = moment_in_words(request.answered_at, request.factory)
    return sentences[State(request.state)] % {"who": request.answered_by.name, "day": day}
