"""Factories and country programmes, what roles may do on each of them, and handovers of a factory's manager."""

from factories.models.handovers import Handover
from factories.models.organisations import CountryProgramme, Factory, ProgrammeHistory
from factories.models.role_tables import (
    FactoryContentType,
    FactoryGroupObjectPermission,
    FactoryMembership,
    FactoryPermission,
    FactoryRole,
    ProgrammeGroupObjectPermission,
    ProgrammeRole,
)

__all__ = [
    "CountryProgramme",
    "Factory",
    "FactoryContentType",
    "FactoryGroupObjectPermission",
    "FactoryMembership",
    "FactoryPermission",
    "FactoryRole",
    "Handover",
    "ProgrammeGroupObjectPermission",
    "ProgrammeHistory",
    "ProgrammeRole",
]
