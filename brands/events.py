"""Kinds of the events of brands."""

from portal.core.events import EventKind


class BrandEvent(EventKind):
    """What happened; the value is what the row says for ever."""

    CREATED = "brands.created"
    UPDATED = "brands.updated"
    SUPPLIERS_IMPORTED = "brands.suppliers_imported"
