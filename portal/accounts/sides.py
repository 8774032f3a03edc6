"""The kinds of organisations that people act for."""

from enum import StrEnum


class Side(StrEnum):
    """The side of a role, a notice or a reader: the name of its kind of organisation."""

    FACTORY = "factory"
    BRAND = "brand"
    PROGRAMME = "programme"
