"""Kinds of the events of factories, programmes, advisors and handovers."""

from portal.core.events import EventKind


class FactoryEvent(EventKind):
    """The kinds; a value is stored in the event's row for ever."""

    CREATED = "factories.created"
    UPDATED = "factories.updated"
    PROGRAMME_UPDATED = "programmes.updated"
    ADVISOR_ASSIGNED = "people.advisor_assigned"
    ADVISOR_UNASSIGNED = "people.advisor_unassigned"
    HANDOVER_OPENED = "factories.handover_opened"
    HANDOVER_OBJECTED = "factories.handover_objected"
    HANDOVER_GIVEN_UP = "factories.handover_given_up"
    HANDOVER_COMPLETED = "factories.handover_completed"
    HANDOVER_DONE = "factories.handover_done"
