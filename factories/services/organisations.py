"""Changes to factories, country programmes and advisors. Each of them is one transaction with its event."""

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from factories.enrolment import wrong_days
from factories.events import FactoryEvent
from factories.models import CountryProgramme, Factory
from factories.rights import may_enrol, may_everywhere, may_in_programme
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.events import AccountEvent
from portal.accounts.models import User
from portal.accounts.roles import create_role_groups, role_of
from portal.core.events import record
from portal.core.names import one_line

# The fields that the factory's own manager may edit; only the programme edits the rest (id, country, enrolment, cycle).
OWN_PROFILE_FIELDS = frozenset(Factory.PROFILE_FIELDS)
NAMES = frozenset({"name", "local_name"})
DAYS = frozenset({"enrolled_on", "left_on"})
STAFF_FIELDS = frozenset({*Factory.ENROLMENT_FIELDS, "time_zone"})


def lock_factory(factory_id: int) -> Factory:
    """Lock the factory row until the transaction ends, and return it. Publication and consent both lock it first."""
    return Factory.objects.select_for_update(of=("self",)).select_related("programme").get(pk=factory_id)


def lock_factories(factory_ids: Collection[int]) -> None:
    """Lock the rows of several factories until the transaction ends, in the order in which everybody locks them."""
    rows = Factory.objects.select_for_update(of=("self",)).filter(pk__in=factory_ids)
    list(rows.order_by("pk").values_list("pk", flat=True))


def _tidy(fields: dict[str, Any]) -> dict[str, object]:
    return {name: one_line(value) if name in NAMES else value for name, value in fields.items()}


def _refuse_wrong(factory: Factory, changed: Iterable[str]) -> None:
    """Raise `ValidationError` by field. Days that did not change are not checked: not everybody may change them."""
    if DAYS & set(changed) and (wrong := wrong_days(factory.enrolled_on, factory.left_on)):
        raise ValidationError(wrong)
    factory.full_clean()


@transaction.atomic
def create_factory(*, by: User, programme: CountryProgramme, **fields: object) -> Factory:
    """Create a factory of `programme` with its role groups.

    Raises `PermissionDenied`, or `ValidationError` by field (a Better Work ID that exists, a bad coordinate).
    """
    if not may_enrol(by, programme):
        raise PermissionDenied(_("Only the country's staff can add factories."))
    unknown = set(fields) - OWN_PROFILE_FIELDS - STAFF_FIELDS
    if unknown:
        raise ValidationError({name: _("This field cannot be set here. Leave it out.") for name in unknown})
    factory = Factory(programme=programme, **_tidy(fields))
    _refuse_wrong(factory, fields)
    factory.save()
    create_role_groups(FACTORY, factory)
    record(FactoryEvent.CREATED, by=by, factory_id=factory.pk, programme_id=programme.pk, subject=factory.pk)
    return factory


@transaction.atomic
def update_factory(*, by: User, factory: Factory, **fields: object) -> Factory:
    """Change a factory's profile, or (country staff) its enrolment. The event names the fields, not their contents.

    Raises `PermissionDenied`, or `ValidationError` by field.
    """
    staff = may_enrol(by, factory.programme)
    allowed = OWN_PROFILE_FIELDS | STAFF_FIELDS if staff else OWN_PROFILE_FIELDS
    if not staff and not Factory.objects.editable_by(by).filter(pk=factory.pk).exists():
        raise PermissionDenied(_("Only the factory's manager or the country's staff may edit this profile."))
    if set(fields) - allowed:
        raise PermissionDenied(_("Only the country's staff can change the enrolment."))
    fields = _tidy(fields)
    factory = lock_factory(factory.pk)
    changed = sorted(name for name, value in fields.items() if getattr(factory, name) != value)
    if not changed:
        return factory
    for name in changed:
        setattr(factory, name, fields[name])
    _refuse_wrong(factory, changed)
    factory.save(update_fields=changed)
    record(FactoryEvent.UPDATED, by=by, factory_id=factory.pk, programme_id=factory.programme_id, fields=changed)
    return factory


@transaction.atomic
def create_programme(*, by: User | None, **fields: object) -> CountryProgramme:
    """Create a country programme (or the global one) with its role groups. `by` is None only in a command."""
    if by is not None and not may_everywhere(by, "manage_programme"):
        raise PermissionDenied(_("Only global staff may add a country."))
    programme = CountryProgramme(**fields)
    programme.full_clean()
    programme.save()
    create_role_groups(PROGRAMME, programme)
    record(AccountEvent.PROGRAMME_CREATED, by=by, programme_id=programme.pk, subject=programme.pk)
    return programme


@transaction.atomic
def update_programme(*, by: User, programme: CountryProgramme, **fields: object) -> CountryProgramme:
    """Change a country's settings; the event keeps old and new values, because they decide deadlines and display.

    Raises `PermissionDenied`, or `ValidationError` by field.
    """
    if not may_in_programme(by, "manage_programme", programme.pk):
        raise PermissionDenied(_("Only the programme's manager may change its settings."))
    if {"country", "is_global"} & set(fields):
        raise ValidationError(_("The country of a programme cannot change."))
    programme = CountryProgramme.objects.select_for_update().get(pk=programme.pk)
    before = {name: getattr(programme, name) for name in fields}
    changes = {name: [before[name], value] for name, value in fields.items() if before[name] != value}
    for name, value in fields.items():
        setattr(programme, name, value)
    programme.full_clean()
    programme.save()
    if changes:
        record(FactoryEvent.PROGRAMME_UPDATED, by=by, programme_id=programme.pk, subject=programme.pk, changes=changes)
    return programme


def _lock_staff(programme: CountryProgramme) -> None:
    """Lock the programme as changes to its members do, so that nobody is assigned while their role in it ends."""
    CountryProgramme.objects.select_for_update().get(pk=programme.pk)


@transaction.atomic
def assign_advisor(*, by: User, factory: Factory, advisor: User) -> None:
    """Let an Enterprise Advisor of the factory's country work on this factory.

    Raises `PermissionDenied`, or `ValidationError` if the person is not an Enterprise Advisor of that country.
    """
    _lock_staff(factory.programme)
    if not may_enrol(by, factory.programme):
        raise PermissionDenied(_("Only the country's staff can assign advisors."))
    if "enterprise_advisor" not in role_of(advisor, PROGRAMME, factory.programme):
        raise ValidationError(_("This person is not an Enterprise Advisor of the factory's country."))
    advisor.groups.add(FACTORY.group(factory, "advisor"))
    record(FactoryEvent.ADVISOR_ASSIGNED, by=by, factory_id=factory.pk, subject=advisor.pk)


@transaction.atomic
def unassign_advisor(*, by: User, factory: Factory, advisor: User) -> None:
    """End an advisor's work on this factory at once. Raises `PermissionDenied`."""
    _lock_staff(factory.programme)
    if not may_enrol(by, factory.programme):
        raise PermissionDenied(_("Only the country's staff can assign advisors."))
    advisor.groups.remove(FACTORY.group(factory, "advisor"))
    record(FactoryEvent.ADVISOR_UNASSIGNED, by=by, factory_id=factory.pk, subject=advisor.pk)
