"""Kinds of the events of brands."""

from portal.core.events import EventKind


class BrandEvent(EventKind):
    """The kinds; a value is stored in the event's row for ever."""

    CREATED = "brand.created"
    UPDATED = "brand.updated"
    SUPPLIERS_IMPORTED = "supplier.imported"
