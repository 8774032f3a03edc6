"""The verbs of requests: ask, withdraw, approve, decline, put off; and their reminders and lapsing.

A brand's people ask, the factory's managers answer. An answer never opens more than was asked, and silence opens
nothing: a request that nobody answers lapses. Limits against flooding: one open request for each factory, no new one
for `request_again_days` after it was closed, and `REQUESTS_A_DAY` for each brand.

Asking locks the brand's row; answering and withdrawing lock the factory's (as every decision on consent does), then
the request's. `sharing.requests.services.answers` explains when a yes answers a request.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from brands.rights import reads_for
from factories.models import Factory
from factories.rights import member_may
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.days import days_from_now, end_of, last_day_in_words, moment_in_words, start_of, today
from portal.core.events import record
from portal.core.names import one_line
from portal.notices.outbox import announce
from sharing.access.positions import Position
from sharing.events import SharingEvent
from sharing.grants.services.granting import settle
from sharing.grants.services.journal import Journal
from sharing.grants.services.outcomes import Outcome, Terms, changing, granting
from sharing.grants.services.situation import Situation, locked_situation
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.notice_names import SharingNotice
from sharing.requests.models import AccessRequestQuerySet
from sharing.requests.queries import factories_to_ask
from sharing.requests.services.answers import close_request, ids_of_request, link_answer
from sharing.requests.services.dropping import drop_proposals_for
from sharing.requests.services.standing import Standing, Wish, covers, standings
from sharing.requests.states import State

A_DAY = timedelta(days=1)
LONGEST_SNOOZE_DAYS = 60
BATCH = 500


class AlreadyAnsweredError(HasChangedError):
    """The error that somebody else was first; the message says who and what."""


@dataclass
class Asked:
    """The result of asking several factories: the `requests` sent, and why the others were `refused`."""

    requests: list[AccessRequest] = field(default_factory=list)
    refused: list[tuple[Factory, str]] = field(default_factory=list)


def request_access(*, by: User, brand: Brand, factory: Factory, wish: Wish) -> AccessRequest:
    """Ask one factory. Raises `PermissionDenied`, or `ValidationError` where `request_many` would refuse."""
    asked = request_many(by=by, brand=brand, factories=[factory], wish=wish)
    if asked.refused:
        raise ValidationError(asked.refused[0][1])
    return asked.requests[0]


@transaction.atomic
def request_many(*, by: User, brand: Brand, factories: Sequence[Factory], wish: Wish) -> Asked:
    """Ask several factories for the same, in a few queries and two short ones for each that is asked.

    A factory that was asked already, may not be asked yet or shares it all is left out, with the reason. Raises
    `PermissionDenied`; `ValidationError` by field for an invalid `wish`, and for more than a day's requests.
    """
    brand = Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    _authorise_brand(by, brand)
    _check_wish(wish)
    wanted = factories_to_ask(by).filter(pk__in=[one.pk for one in factories])
    rows = Factory.objects.filter(pk__in=wanted.values("pk")).select_related("programme")
    listed = {factory.pk: factory for factory in rows}
    where = standings(by, brand, listed)
    asked = Asked()
    for factory in {one.pk: one for one in factories}.values():
        reason = _refusal(where.get(factory.pk), wish, listed.get(factory.pk))
        if reason:
            asked.refused.append((factory, reason))
        else:
            asked.requests.append(_new_request(by, brand, listed[factory.pk], wish))
    _check_cap(brand, len(asked.requests))
    before = _past_their_time().filter(brand=brand, factory__in=[one.factory_id for one in asked.requests])
    _lapse(before.select_for_update(of=("self",)).order_by("pk"))
    AccessRequest.objects.bulk_create(asked.requests)
    for request in asked.requests:
        _tell_factory(request, by)
    return asked


def _refusal(standing: Standing | None, wish: Wish, factory: Factory | None) -> str:
    """Return why a factory is not asked; empty if it is."""
    if standing is None or factory is None:
        return _("This factory cannot be asked for access.")
    if wish.last_day is not None and wish.last_day < today(factory):
        return _("The last day that you chose has passed at this factory. Choose a later day.")
    return standing.refusal(wish.at(factory))


def _authorise_brand(by: User, brand: Brand) -> None:
    if by.is_integration or not reads_for(by, brand.pk):
        raise PermissionDenied(_("Only the brand's own members can ask in its name."))


def _authorise_factory(by: User, factory: Factory) -> None:
    if not member_may(by, "manage_sharing", factory.pk):
        raise PermissionDenied(_("Only a manager of this factory can decide who sees its data."))


def _check_wish(wish: Wish) -> None:
    errors = {}
    if not wish.scopes or set(wish.scopes) - set(Scope.values):
        errors["scopes"] = _("Choose the data you ask for from the kinds listed.")
    if wish.cycles not in SharingGrant.Cycles.values:
        errors["cycles"] = _("Choose which cycles you ask for.")
    if (wish.cycles == SharingGrant.Cycles.ALL) != (wish.cycle_number is None):
        errors["cycle_number"] = _(
            "Enter a cycle with “from a cycle on” or “one cycle only”, and leave it empty otherwise."
        )
    if wish.expires_at is not None and wish.expires_at <= timezone.now():
        errors["expires_at"] = _("The end must be in the future.")
    if not one_line(wish.purpose):
        errors["purpose"] = _("Enter the purpose: the factory reads it before it decides.")
    if errors:
        raise ValidationError(errors)


def _check_cap(brand: Brand, count: int) -> None:
    sent = AccessRequest.objects.filter(brand=brand, created_at__gt=timezone.now() - A_DAY).count()
    if count and sent + count > settings.REQUESTS_A_DAY:
        text = _("Choose fewer factories. Your brand can send %(most)s requests in 24 hours; %(left)s remain.")
        raise ValidationError(
            text % {"most": settings.REQUESTS_A_DAY, "left": max(settings.REQUESTS_A_DAY - sent, 0)}, code="too_many"
        )


def _new_request(by: User, brand: Brand, factory: Factory, wish: Wish) -> AccessRequest:
    now, programme, wish = timezone.now(), factory.programme, wish.at(factory)
    lapses_at = end_of(days_from_now(programme.request_days, factory), factory)
    request = AccessRequest(
        factory=factory,
        brand=brand,
        scopes=[scope for scope in Scope.values if scope in wish.scopes],
        cycles=wish.cycles,
        cycle_number=wish.cycle_number,
        expires_at=wish.expires_at,
        purpose=wish.purpose.strip(),
        message=wish.message.strip(),
        asked_by=by,
        created_at=now,
        lapses_at=min(lapses_at, wish.expires_at) if wish.expires_at else lapses_at,
        remind_at=now + timedelta(days=programme.request_reminder_days),
    )
    request.clean_fields(exclude=["factory", "brand", "asked_by", "answered_by"])
    return request


def _tell_factory(request: AccessRequest, by: User) -> None:
    record(
        SharingEvent.REQUEST_SENT,
        by=by,
        factory_id=request.factory_id,
        brand_id=request.brand_id,
        subject=request.pk,
        scopes=request.scopes,
        cycles=request.cycles,
        cycle_number=request.cycle_number,
        expires_at=request.expires_at.isoformat() if request.expires_at else None,
    )
    announce(SharingNotice.REQUEST_SENT, side="factory", organisation_id=request.factory_id, **ids_of_request(request))


@transaction.atomic
def withdraw_request(*, by: User, request: AccessRequest) -> AccessRequest:
    """Cancel a request, and with it a yes that waits for the factory's second person. Idempotent.

    Raises `PermissionDenied`, or `ValidationError` when it was answered.
    """
    _authorise_brand(by, request.brand)
    lock_factory(request.factory_id)
    request = _locked(request)
    if request.state == State.WITHDRAWN:
        return request
    if request.state != State.OPEN:
        raise AlreadyAnsweredError(_("The factory has since dealt with this request. Open it again."))
    close_request(request, State.WITHDRAWN, by)
    drop_proposals_for(request)
    return request


@transaction.atomic
def approve_request(*, by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> AccessRequest:
    """Grant what was asked, or less of it, as `grant_access` and `change_grant` do.

    An existing grant that covers the terms stays as it is. If everything new in a yes has to be confirmed, the request
    stays open until then. The same yes twice counts once. Raises `PermissionDenied`, `AlreadyAnsweredError`, or
    `ValidationError` by field: for more than was asked, and as `grant_access` does.
    """
    situation = locked_situation(by, request.factory_id, [request.brand_id])
    situation.require_decider()
    request = _locked(request)
    if _is_approved_by(by, request):
        return request
    outcomes, journal = approving(situation, request, scopes, terms), Journal(situation)
    grants = [settle(journal, outcome) for outcome in outcomes]
    journal.write()
    link_answer(request, grants)
    said: dict[str, Any] = {"scopes": list(scopes), "grants": [str(grant.pk) for grant in grants]}
    if any(one.kind and one.grant.is_given for one in outcomes) or all(grant.is_given for grant in grants):
        close_request(request, State.APPROVED, by, **said)
    else:
        record(SharingEvent.REQUEST_ANSWER_PROPOSED, by=by, **ids_of_request(request), **said)
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
    wish = Wish((existing.scope,), "", terms.cycles, terms.cycle_number, terms.expires_at)
    return covers(existing, wish) and existing.valid_from <= timezone.now()


def as_asked(request: AccessRequest) -> Terms:
    """Return the terms of a plain yes: as asked, with the country's days for which each new report is held."""
    return Terms(
        cycles=request.cycles,
        cycle_number=request.cycle_number,
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
    asked = SharingGrant(cycles=request.cycles, cycle_number=request.cycle_number, expires_at=request.expires_at)
    if not covers(asked, Wish((), "", terms.cycles, terms.cycle_number, request.expires_at)):
        errors["cycles"] = _("The brand asked for fewer cycles: %s.") % asked.cycles_in_words()
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
    _authorise_factory(by, lock_factory(request.factory_id))
    request = _locked(request)
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
    _authorise_factory(by, lock_factory(request.factory_id))
    request = _locked(request)
    _must_be_open(request)
    if not 1 <= days <= LONGEST_SNOOZE_DAYS:
        raise ValidationError({"days": _("Choose 1 to %s days.") % LONGEST_SNOOZE_DAYS})
    request.snoozed_until = request.remind_at = start_of(days_from_now(days, request.factory), request.factory)
    request.save(update_fields=["snoozed_until", "remind_at"])
    record(SharingEvent.REQUEST_POSTPONED, by=by, days=days, **ids_of_request(request))
    return request


def _locked(request: AccessRequest) -> AccessRequest:
    rows = AccessRequest.objects.select_for_update(of=("self",))
    return rows.select_related("factory__programme", "brand", "answered_by").get(pk=request.pk)


def _must_be_open(request: AccessRequest) -> None:
    is_open = request.state == State.OPEN and request.lapses_at > timezone.now()
    if is_open and not request.grants.unconfirmed().exists():
        return
    raise AlreadyAnsweredError(answered_in_words(request))


def answered_in_words(request: AccessRequest) -> str:
    """Return who dealt with a request, and how: for the factory's side."""
    if request.state == State.OPEN and request.lapses_at > timezone.now():
        return _("This request is already approved; a second person must still confirm it.")
    if request.answered_by is None or request.answered_at is None:
        day = last_day_in_words(request.lapses_at, request.factory)
        return _("This request lapsed on %s: nobody answered it, so nothing is shared.") % day
    sentences = {
        State.APPROVED: _("%(who)s approved this request on %(day)s."),
        State.DECLINED: _("%(who)s declined this request on %(day)s."),
        State.WITHDRAWN: _("The brand cancelled this request on %(day)s."),
    }
    day = moment_in_words(request.answered_at, request.factory)
    return sentences[State(request.state)] % {"who": request.answered_by.name, "day": day}


@transaction.atomic
def lapse_requests() -> int:
    """Close the requests whose time has passed (hourly by beat); return how many. Nothing is shared by this.

    The grants that wait for a second person to answer one of them end in `drop_proposals`: this locks no factory.
    """
    return _lapse(_past_their_time().select_for_update(skip_locked=True).order_by("lapses_at")[:BATCH])


def _past_their_time() -> AccessRequestQuerySet:
    """Return the open requests that nobody answered in their time."""
    return AccessRequest.objects.filter(state=State.OPEN, lapses_at__lte=timezone.now())


def _lapse(requests: Iterable[AccessRequest]) -> int:
    """Close locked requests; return how many."""
    rows = list(requests)
    for request in rows:
        request.state, request.answered_at = State.LAPSED, request.lapses_at
        request.save(update_fields=["state", "answered_at"])
        record(SharingEvent.REQUEST_LAPSED, by=None, **ids_of_request(request))
        announce(
            SharingNotice.REQUEST_LAPSED, side="brand", organisation_id=request.brand_id, **ids_of_request(request)
        )
    return len(rows)


@transaction.atomic
def remind_of_requests() -> int:
    """Remind the factories of open requests (hourly by beat); return how many."""
    due = AccessRequest.objects.undecided().filter(remind_at__lte=timezone.now(), brand__is_active=True)
    due = due.select_for_update(skip_locked=True, of=("self",)).select_related("factory__programme")
    rows = list(due.order_by("remind_at")[:BATCH])
    for request in rows:
        once = f"request.reminded:{request.pk}:{request.remind_at:%Y-%m-%d}"
        announce(
            SharingNotice.REQUEST_REMINDED,
            side="factory",
            organisation_id=request.factory_id,
            once=once,
            **ids_of_request(request),
        )
        request.remind_at = timezone.now() + timedelta(days=request.factory.programme.request_reminder_days)
        request.save(update_fields=["remind_at"])
    return len(rows)
