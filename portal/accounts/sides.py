"""The kinds of organisations that people act for."""

from enum import StrEnum


class Side(StrEnum):
    """The side on which a role, a notice or a reader stands: the name of its kind of organisation."""

    FACTORY = "factory"
    BRAND = "brand"
    PROGRAMME = "programme"
