"""Changes to factories and country programmes: the functions, one module for each concept."""

from factories.services.closures import add_closure, may_edit_closures, remove_closure, require_closure_editor
from factories.services.handovers import (
    complete_handover,
    object_to_handover,
    open_handover,
    refuse_while_handed_over,
    stop_handover,
)
from factories.services.organisations import (
    assign_advisor,
    create_factory,
    create_programme,
    lock_factories,
    lock_factory,
    unassign_advisor,
    update_factory,
    update_programme,
)

__all__ = [
    "add_closure",
    "assign_advisor",
    "complete_handover",
    "create_factory",
    "create_programme",
    "lock_factories",
    "lock_factory",
    "may_edit_closures",
    "object_to_handover",
    "open_handover",
    "refuse_while_handed_over",
    "remove_closure",
    "require_closure_editor",
    "stop_handover",
    "unassign_advisor",
    "update_factory",
    "update_programme",
]
