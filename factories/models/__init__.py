"""Factories and country programmes, what roles may do on each of them, and handovers of a factory's manager."""

from factories.models.handovers import Handover
from factories.models.organisations import (
    CountryProgramme,
    Factory,
    FactoryGroupObjectPermission,
    FactoryMembership,
    FactoryRole,
    ProgrammeGroupObjectPermission,
    ProgrammeHistory,
    ProgrammeRole,
)

__all__ = [
    "CountryProgramme",
    "Factory",
    "FactoryGroupObjectPermission",
    "FactoryMembership",
    "FactoryRole",
    "Handover",
    "ProgrammeGroupObjectPermission",
    "ProgrammeHistory",
    "ProgrammeRole",
]
