"""Recording of what participants bought, and withdrawal of what was recorded by mistake (R6).

Only the country's staff who enrol factories do either. Both lock the factory row first, as publication and consent do.
A subscription opens nothing by itself: no brand reads a report that the factory did not share with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from brands.models import Brand
from factories.models import Factory
from factories.rights import staff_may
from factories.services import lock_factory
from portal.accounts.models import User
from portal.core.days import today, written
from portal.core.events import record
from portal.core.names import one_line
from portal.core.tables.dates import EARLIEST
from sharing.access.positions import positions
from sharing.events import SharingEvent, ids_of
from sharing.grants.notices.openings import report_may_open
from sharing.models import Subscription
from sharing.terms import MAX_CYCLE


@dataclass(frozen=True)
class Purchase:
    """One report that a participant bought."""

    brand: Brand
    factory: Factory
    cycle: int
    bought_on: date


def check_purchase(wanted: Purchase) -> Subscription | None:
    """Return the subscription that records this already, or None. Raises `ValidationError` by field if invalid."""
    if wanted.brand.kind != Brand.Kind.PARTICIPANT:
        raise ValidationError({"brand": _("%s is a partner. Partners need no subscription.") % wanted.brand})
    if not wanted.brand.is_active:
        raise ValidationError({"brand": _("%s is not active on the portal.") % wanted.brand})
    if not 1 <= wanted.cycle <= MAX_CYCLE:
        raise ValidationError({"cycle": _("Enter a cycle from 1 to %s.") % MAX_CYCLE})
    if not EARLIEST <= wanted.bought_on <= today(wanted.factory):
        raise ValidationError({"bought_on": _("Enter a day from 2000 until today.")})
    return _refuse_another_day(wanted)


def _refuse_another_day(wanted: Purchase) -> Subscription | None:
    known = Subscription.objects.in_force().filter(brand=wanted.brand, factory=wanted.factory, cycle=wanted.cycle)
    found = known.first()
    if found is not None and found.bought_on != wanted.bought_on:
        text = _("This subscription is recorded already, bought on %s. Withdraw that record first.")
        raise ValidationError({"bought_on": text % written(found.bought_on)})
    return found


@transaction.atomic
def record_subscriptions(*, by: User, purchases: Sequence[Purchase]) -> list[Subscription]:
    """Record what participants bought: all of it, or nothing. Idempotent: what is recorded already is returned.

    Raises `PermissionDenied`, or `ValidationError` by field.
    """
    return [_record_one(by, one) for one in sorted(purchases, key=lambda one: (one.factory.pk, one.brand.pk))]


def _record_one(by: User, wanted: Purchase) -> Subscription:
    factory = lock_factory(wanted.factory.pk)
    _authorise(by, factory)
    wanted = replace(wanted, factory=factory, brand=Brand.objects.get(pk=wanted.brand.pk))
    found = check_purchase(wanted)
    if found is not None:
        return found
    made = Subscription.objects.create(**vars(wanted), recorded_at=timezone.now(), recorded_by=by)
    bought_on = made.bought_on.isoformat()
    record(SharingEvent.SUBSCRIPTION_RECORDED, by=by, **ids_of(made), cycle=made.cycle, bought_on=bought_on)
    before = positions(factory, [made.brand_id])[made.brand_id]
    before = replace(before, subscribed=before.subscribed - {made.cycle})
    after = replace(before, subscribed=before.subscribed | {made.cycle})
    report_may_open(before, after, allowed_at=made.recorded_at)
    return made


@transaction.atomic
def withdraw_subscription(*, by: User, subscription: Subscription, reason: str) -> Subscription:
    """Withdraw a subscription that was recorded by mistake; from the next query on it no longer counts. Idempotent.

    Raises `PermissionDenied`, or `ValidationError` without a reason.
    """
    factory = lock_factory(subscription.factory_id)
    _authorise(by, factory)
    if not one_line(reason):
        raise ValidationError({"reason": _("Say why the subscription is withdrawn.")})
    found = Subscription.objects.select_related("brand", "factory").get(pk=subscription.pk)
    if found.ended_at is None:
        found.ended_at, found.ended_by = max(timezone.now(), found.recorded_at), by
        found.end_reason = reason.strip()[:300]
        found.save(update_fields=["ended_at", "ended_by", "end_reason"])
        record(SharingEvent.SUBSCRIPTION_WITHDRAWN, by=by, **ids_of(found), cycle=found.cycle, reason=reason)
    return found


def _authorise(by: User, factory: Factory) -> None:
    if not staff_may(by, "manage_enrolment", factory.pk):
        raise PermissionDenied(_("Only the country's staff can record subscriptions."))
