"""Kinds of the events of brands."""

from portal.core.events import EventKind


class BrandEvent(EventKind):
    """The kinds; a value is stored in the event's row for ever."""

    CREATED = "brands.created"
    UPDATED = "brands.updated"
    SUPPLIERS_IMPORTED = "brands.suppliers_imported"
