"""What follows for consent when a report is published: the factory is told to whom it opens, and when."""

from typing import Any
from uuid import UUID

from portal.notices.outbox import announce


def tell_of_publication(*, factory_id: int, assessment_id: UUID, cycle: int) -> None:
    """Announce to the factory that its report is out; whom it opens to is asked when the notice is sent.

    Call it inside the publishing transaction.
    """
    ids: dict[str, Any] = {"organisation_id": factory_id, "factory_id": factory_id}
    announce("sharing.report_opens", side="factory", subject=assessment_id, cycle=cycle, **ids)
