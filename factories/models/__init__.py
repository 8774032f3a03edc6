"""Factories and country programmes, what roles may do on each of them, and handovers of a factory's manager."""

from factories.models.handovers import Handover
from factories.models.organisations import (
    CountryProgramme,
    Factory,
    FactoryContentType,
    FactoryGroupObjectPermission,
    FactoryMembership,
    FactoryPermission,
    FactoryRole,
    ProgrammeGroupObjectPermission,
    ProgrammeHistory,
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
