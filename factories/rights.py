"""Checks of what a person may do for one factory or country, by their roles; each is put into SQL once per process."""

from django.db.models import BigIntegerField, QuerySet

from factories.models import CountryProgramme, Factory
from portal.accounts.prepared import Prepared
from portal.accounts.roles import Visitor, has_permission
from portal.core.compiled import Key


def _as_staff(user: Visitor, codename: str, pk: Key) -> "QuerySet[Factory, object]":
    return Factory.objects.in_programmes_where(user, codename).filter(pk=pk).order_by().values_list("pk")


def _in_programme(user: Visitor, codename: str, pk: Key) -> "QuerySet[CountryProgramme, object]":
    return CountryProgramme.objects.where(user, codename).filter(pk=pk).order_by().values_list("pk")


def _everywhere(user: Visitor, codename: str) -> "QuerySet[CountryProgramme, object]":
    return CountryProgramme.objects.where(user, codename).filter(is_global=True).order_by().values_list("pk")


def _somewhere(user: Visitor, codename: str) -> "QuerySet[CountryProgramme, object]":
    return CountryProgramme.objects.where(user, codename).order_by().values_list("pk")[:1]


_staff_rows: Prepared[Factory, object] = Prepared(_as_staff, pk=BigIntegerField())
_programme_rows: Prepared[CountryProgramme, object] = Prepared(_in_programme, pk=BigIntegerField())
_any_rows: Prepared[CountryProgramme, object] = Prepared(_somewhere)
_global_rows: Prepared[CountryProgramme, object] = Prepared(_everywhere)


def member_may(user: Visitor, codename: str, factory: int) -> bool:
    """Return whether `user` holds `codename` through a role in the factory itself, the one with this key."""
    return has_permission(user, "factory", codename, factory)


def staff_may(user: Visitor, codename: str, factory: int) -> bool:
    """Return whether `user` holds `codename` in the country programme of the factory with this key, or globally."""
    return bool(_staff_rows(user, codename, pk=factory))


def may_in_programme(user: Visitor, codename: str, programme: int) -> bool:
    """Return whether `user` holds `codename` in the country programme with this key, or globally."""
    return bool(_programme_rows(user, codename, pk=programme))


def may_enrol(user: Visitor, programme: CountryProgramme) -> bool:
    """Return whether `user` enrols factories in `programme`; nobody does so in the global one."""
    return not programme.is_global and may_in_programme(user, "manage_enrolment", programme.pk)


def may_somewhere(user: Visitor, codename: str) -> bool:
    """Return whether `user` holds `codename` in any country programme."""
    return bool(_any_rows(user, codename))


def may_everywhere(user: Visitor, codename: str) -> bool:
    """Return whether `user` holds `codename` in the global programme."""
    return bool(_global_rows(user, codename))
