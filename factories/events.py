"""Kinds of the events of factories, programmes, closure days, advisors and handovers."""

from portal.core.events import EventKind


class FactoryEvent(EventKind):
    """The kinds; a value is stored in the event's row for ever."""

    CREATED = "factory.created"
    UPDATED = "factory.updated"
    CLOSURE_ADDED = "factory.closure_added"
    CLOSURE_REMOVED = "factory.closure_removed"
    PROGRAMME_UPDATED = "programme.updated"
    ADVISOR_ASSIGNED = "advisor.assigned"
    ADVISOR_UNASSIGNED = "advisor.unassigned"
    HANDOVER_OPENED = "handover.opened"
    HANDOVER_OBJECTED = "handover.objected"
    HANDOVER_CANCELLED = "handover.cancelled"
    HANDOVER_APPROVED = "handover.approved"
    HANDOVER_COMPLETED = "handover.completed"
