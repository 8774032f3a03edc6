"""The verbs of a brand: ask for access, and cancel a request.

Limits against flooding: one open request for each factory, no new one for `request_again_days` after it was closed,
and `REQUESTS_A_DAY` for each brand. Asking locks the brand's row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from brands.rights import reads_for
from factories.models import Factory
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.days import days_from_now, end_of, today
from portal.core.events import record
from portal.core.names import one_line
from portal.notices.outbox import announce
from sharing.events import SharingEvent, ids_of
from sharing.models import AccessRequest, Scope, SharingGrant
from sharing.notice_names import SharingNotice
from sharing.requests.queries import factories_to_ask
from sharing.requests.services.answering import AlreadyAnsweredError
from sharing.requests.services.answers import close_request, locked_request
from sharing.requests.services.dropping import drop_proposals_for
from sharing.requests.services.lapsing import lapse
from sharing.requests.services.standing import RequestedTerms, Standing, standings
from sharing.requests.states import State
from sharing.terms import misnamed, misnamed_in_words

A_DAY = timedelta(days=1)


@dataclass
class Asked:
    """The result of asking several factories: the `requests` sent, and why the others were `refused`."""

    requests: list[AccessRequest] = field(default_factory=list)
    refused: list[tuple[Factory, str]] = field(default_factory=list)


def request_access(*, by: User, brand: Brand, factory: Factory, terms: RequestedTerms) -> AccessRequest:
    """Ask one factory. Raises `PermissionDenied`, or `ValidationError` where `request_many` would refuse."""
    asked = request_many(by=by, brand=brand, factories=[factory], terms=terms)
    if asked.refused:
        raise ValidationError(asked.refused[0][1])
    return asked.requests[0]


@transaction.atomic
def request_many(*, by: User, brand: Brand, factories: Sequence[Factory], terms: RequestedTerms) -> Asked:
    """Ask several factories for the same, in a few queries and two short ones for each that is asked.

    A factory that was asked already, may not be asked yet or shares it all is left out, with the reason. Raises
    `PermissionDenied`; `ValidationError` by field for an invalid `terms`, and for more than a day's requests.
    """
    brand = Brand.objects.select_for_update(no_key=True).get(pk=brand.pk)
    _authorise_brand(by, brand)
    _check_requested(terms)
    wanted = factories_to_ask(by).filter(pk__in=[one.pk for one in factories])
    rows = Factory.objects.filter(pk__in=wanted.values("pk")).select_related("programme")
    listed = {factory.pk: factory for factory in rows}
    where = standings(by, brand, listed)
    asked = Asked()
    for factory in {one.pk: one for one in factories}.values():
        reason = _refusal(where.get(factory.pk), terms, listed.get(factory.pk))
        if reason:
            asked.refused.append((factory, reason))
        else:
            asked.requests.append(_new_request(by, brand, listed[factory.pk], terms))
    _check_cap(brand, len(asked.requests))
    before = AccessRequest.objects.past_their_time().filter(brand=brand)
    before = before.filter(factory__in=[one.factory_id for one in asked.requests])
    lapse(before.select_for_update(of=("self",)).order_by("pk"))
    AccessRequest.objects.bulk_create(asked.requests)
    for request in asked.requests:
        _notify_factory(request, by)
    return asked


def _refusal(standing: Standing | None, terms: RequestedTerms, factory: Factory | None) -> str:
    """Return why a factory is not asked; empty if it is."""
    if standing is None or factory is None:
        return _("This factory cannot be asked for access.")
    if terms.last_day is not None and terms.last_day < today(factory):
        return _("The last day that you chose has passed at this factory. Choose a later day.")
    return standing.refusal(terms.at(factory))


def _authorise_brand(by: User, brand: Brand) -> None:
    if by.is_integration or not reads_for(by, brand.pk):
        raise PermissionDenied(_("Only the brand's own members can ask in its name."))


def _check_requested(terms: RequestedTerms) -> None:
    errors = {}
    if not terms.scopes or set(terms.scopes) - set(Scope.values):
        errors["scopes"] = _("Choose the data you ask for from the kinds listed.")
    if terms.cycles not in SharingGrant.Cycles.values:
        errors["cycles"] = _("Choose which cycles you ask for.")
    elif wrong := misnamed(terms.cycles, terms.cycle_numbers):
        errors["cycle_numbers"] = misnamed_in_words(wrong)
    if terms.expires_at is not None and terms.expires_at <= timezone.now():
        errors["expires_at"] = _("The end must be in the future.")
    if not one_line(terms.purpose):
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


def _new_request(by: User, brand: Brand, factory: Factory, terms: RequestedTerms) -> AccessRequest:
    now, programme, terms = timezone.now(), factory.programme, terms.at(factory)
    lapses_at = end_of(days_from_now(programme.request_days, factory), factory)
    request = AccessRequest(
        factory=factory,
        brand=brand,
        scopes=[scope for scope in Scope.values if scope in terms.scopes],
        cycles=terms.cycles,
        cycle_numbers=list(terms.cycle_numbers),
        expires_at=terms.expires_at,
        purpose=terms.purpose.strip(),
        message=terms.message.strip(),
        asked_by=by,
        created_at=now,
        lapses_at=min(lapses_at, terms.expires_at) if terms.expires_at else lapses_at,
        remind_at=now + timedelta(days=programme.request_reminder_days),
    )
    request.clean_fields(exclude=["factory", "brand", "asked_by", "answered_by"])
    return request


def _notify_factory(request: AccessRequest, by: User) -> None:
    record(
        SharingEvent.REQUEST_SENT,
        by=by,
        factory_id=request.factory_id,
        brand_id=request.brand_id,
        subject=request.pk,
        scopes=request.scopes,
        cycles=request.cycles,
        cycle_numbers=request.cycle_numbers,
        expires_at=request.expires_at.isoformat() if request.expires_at else None,
    )
    announce(SharingNotice.REQUEST_SENT, side="factory", organisation_id=request.factory_id, **ids_of(request))


@transaction.atomic
def withdraw_request(*, by: User, request: AccessRequest) -> AccessRequest:
    """Cancel a request, and with it a yes that waits for the factory's second person. Idempotent.

    Raises `PermissionDenied`, or `ValidationError` when it was answered.
    """
    _authorise_brand(by, request.brand)
    lock_factory(request.factory_id)
    request = locked_request(request)
    if request.state == State.WITHDRAWN:
        return request
    if request.state != State.OPEN:
        raise AlreadyAnsweredError(_("The factory has since dealt with this request. Open it again."))
    close_request(request, State.WITHDRAWN, by)
    drop_proposals_for(request)
    return request
