"""Factories and country programmes, what roles may do in each of them, closure days, and handovers of a manager."""

from factories.models.closures import ClosureDays, ClosureDaysQuerySet
from factories.models.factories import Factory, FactoryQuerySet, factory_keys, keys_inside, named
from factories.models.handovers import Handover
from factories.models.programmes import CountryProgramme, ProgrammeHistory, ProgrammeQuerySet, programme_keys
from factories.models.role_tables import (
    FactoryGroupObjectPermission,
    FactoryRole,
    ProgrammeGroupObjectPermission,
    ProgrammeRole,
    with_managers,
)

__all__ = [
    "ClosureDays",
    "ClosureDaysQuerySet",
    "CountryProgramme",
    "Factory",
    "FactoryGroupObjectPermission",
    "FactoryQuerySet",
    "FactoryRole",
    "Handover",
    "ProgrammeGroupObjectPermission",
    "ProgrammeHistory",
    "ProgrammeQuerySet",
    "ProgrammeRole",
    "factory_keys",
    "keys_inside",
    "named",
    "programme_keys",
    "with_managers",
]
