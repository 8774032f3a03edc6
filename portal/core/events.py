"""Writing events. A state change and its event are one transaction (style rule 4)."""

from typing import TYPE_CHECKING, Any

from portal.core.models import Event

if TYPE_CHECKING:
    from portal.accounts.models import User


def record(
    kind: str,
    *,
    by: "User | None",
    factory_id: int | None = None,
    brand_id: int | None = None,
    programme_id: int | None = None,
    subject: object = "",
    **data: Any,
) -> Event:
    """Append one event; call it inside the transaction of the change it tells of.

    Takes what `event_of` takes.
    """
    event = event_of(
        kind, by=by, factory_id=factory_id, brand_id=brand_id, programme_id=programme_id, subject=subject, **data
    )
    event.save()
    return event


def event_of(
    kind: str,
    *,
    by: "User | None",
    factory_id: int | None = None,
    brand_id: int | None = None,
    programme_id: int | None = None,
    subject: object = "",
    **data: Any,
) -> Event:
    """Return one event, not written yet: a decision that has several writes them together.

    `kind` is `<area>.<what happened>`, as in "sharing.granted"; `subject` is the id of the row that changed;
    `data` holds ids, words and dates that JSON can carry, never contents of a report. `by` is None only for what
    the portal does on its own.
    """
    return Event(
        kind=kind,
        actor=by,
        factory_id=factory_id,
        brand_id=brand_id,
        programme_id=programme_id,
        subject=str(subject),
        data=data,
    )
