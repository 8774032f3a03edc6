"""Changes to the closure days of a factory. No answer depends on a planned visit (R47)."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from factories.events import FactoryEvent
from factories.models import ClosureDays, Factory
from factories.services.organisations import lock_factory
from portal.accounts.models import User
from portal.core.days import today
from portal.core.events import record
from portal.core.names import one_line

CLOSURES_AHEAD = timedelta(days=366)
LONGEST_CLOSURE = timedelta(days=60)


def may_edit_closures(by: User, factory: Factory) -> bool:
    """Return whether a person changes the closure days of a factory: whoever edits its profile."""
    return Factory.objects.editable_by(by).filter(pk=factory.pk).exists()


def require_closure_editor(by: User, factory: Factory) -> None:
    """Raise `PermissionDenied` for whoever may not change the closure days of a factory."""
    if not may_edit_closures(by, factory):
        raise PermissionDenied(_("Only the factory's manager or the country's staff can change the closure days."))


@transaction.atomic
def add_closure(*, by: User, factory: Factory, first_day: date, last_day: date, reason: str = "") -> ClosureDays:
    """Record days on which the factory is closed, both ends included. The same days again change nothing.

    Raises `PermissionDenied`, or `ValidationError` by field: days that are over, too far ahead, too many, or entered
    already.
    """
    factory = lock_factory(factory.pk)
    require_closure_editor(by, factory)
    same = ClosureDays.objects.filter(factory=factory, first_day=first_day, last_day=last_day).first()
    if same is not None:
        return same
    _check(factory, first_day, last_day)
    closure = ClosureDays(
        factory=factory, first_day=first_day, last_day=last_day, reason=one_line(reason), entered_by=by
    )
    closure.full_clean()
    closure.save()
    _note(FactoryEvent.CLOSURE_ADDED, by, closure)
    return closure


@transaction.atomic
def remove_closure(*, by: User, closure: ClosureDays) -> None:
    """Remove closure days that were entered. Idempotent. Raises `PermissionDenied`."""
    require_closure_editor(by, lock_factory(closure.factory_id))
    found = ClosureDays.objects.filter(pk=closure.pk).first()
    if found is not None:
        _note(FactoryEvent.CLOSURE_REMOVED, by, found)
        found.delete()


def _check(factory: Factory, first_day: date, last_day: date) -> None:
    now = today(factory)
    if first_day < now:
        raise ValidationError({"first_day": _("This day is over. Enter today or a later day.")})
    if last_day < first_day:
        raise ValidationError({"last_day": _("The last day is before the first day.")})
    if last_day - first_day >= LONGEST_CLOSURE:
        raise ValidationError({"last_day": _("Enter at most %d days at a time.") % LONGEST_CLOSURE.days})
    if last_day > now + CLOSURES_AHEAD:
        raise ValidationError({"last_day": _("Enter days at most one year ahead.")})
    if ClosureDays.objects.filter(factory=factory).within(first_day, last_day).exists():
        raise ValidationError(_("Some of these days are on the list already. Remove the earlier entry first."))


def _note(kind: FactoryEvent, by: User, closure: ClosureDays) -> None:
    record(
        kind,
        by=by,
        factory_id=closure.factory_id,
        subject=closure.pk,
        first_day=closure.first_day.isoformat(),
        last_day=closure.last_day.isoformat(),
    )
