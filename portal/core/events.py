"""Functions that write events. A state change and its event are one transaction (style rule 4)."""

from enum import StrEnum
from typing import TYPE_CHECKING

from portal.core.models import Event

if TYPE_CHECKING:
    from portal.accounts.models import User


class EventKind(StrEnum):
    """The kind of an event: `<area>.<what happened>`. Each app has one enum of this base, in its `events.py`.

    A value once written is never renamed: the sealed rows contain it, and the checks of the ledger compare it.
    """


class CoreEvent(EventKind):
    """Kinds of the events of the portal's own machinery."""

    LEDGER_ACCEPTED = "ledger.accepted"


def event_kinds() -> list[EventKind]:
    """Return every kind of event that there is, app by app."""
    return [kind for app in EventKind.__subclasses__() for kind in app]


def record(
    kind: EventKind,
    *,
    by: "User | None",
    factory_id: int | None = None,
    brand_id: int | None = None,
    programme_id: int | None = None,
    subject: object = "",
    **data: object,
) -> Event:
    """Append one event; call it inside the transaction of the change that it records.

    It takes what `event_of` takes.
    """
    event = event_of(
        kind, by=by, factory_id=factory_id, brand_id=brand_id, programme_id=programme_id, subject=subject, **data
    )
    event.save()
    return event


def event_of(
    kind: EventKind,
    *,
    by: "User | None",
    factory_id: int | None = None,
    brand_id: int | None = None,
    programme_id: int | None = None,
    subject: object = "",
    **data: object,
) -> Event:
    """Return one event, not saved yet: a decision that has several saves them together.

    `subject` is the id of the row that changed; `data` holds ids, codes, dates and a person's own words that JSON can
    carry, never contents of a report, never words of the portal's (they are made when shown). `by` is None only for
    what the portal does on its own. Raises `TypeError` for a kind that is no member of an app's enum.
    """
    if not isinstance(kind, EventKind):
        raise TypeError(f"{kind!r} is no kind of event: add it to the events.py of its app.")
    return Event(
        kind=kind.value,
        actor=by,
        factory_id=factory_id,
        brand_id=brand_id,
        programme_id=programme_id,
        subject=str(subject),
        data=data,
    )
