"""The journal of a decision: its events, receipts and notices, gathered and then written in a statement each.

All of it in the decision's transaction, under the factory's lock: there is no change without its event and receipt.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from factories.role_names import FactoryRoleName
from portal.accounts.sides import Side
from portal.core.events import EventKind, event_of
from portal.core.models import Event
from portal.notices.kinds import NoticeName
from portal.notices.models import Notice
from portal.notices.outbox import notice_of
from sharing.events import ids_of
from sharing.grants.services.situation import Situation
from sharing.models import Receipt, SharingGrant
from sharing.receipts.payload import BY_ITSELF, Act
from sharing.receipts.services import Earlier, issue, receipt_of

OWN_ROLES = (FactoryRoleName.MANAGER, FactoryRoleName.WORKER_REPRESENTATIVE, FactoryRoleName.MEMBER)


class Journal:
    """The events, receipts and notices of one decision. `act`: what the portal does by itself, without an actor."""

    def __init__(self, situation: Situation, *, act: Act | None = None) -> None:
        self.situation = situation
        self.actor = situation.by if act is None else None
        self._act = act or _act(situation)
        self._events: list[Event] = []
        self._receipts: list[Receipt] = []
        self._notices: list[Notice] = []
        self._newest = _newest_receipts(one for place in situation.positions.values() for one in place.grants)

    def event(self, kind: EventKind, grant: SharingGrant, **data: Any) -> None:
        """Add an event of a grant."""
        self._events.append(event_of(kind, by=self.actor, **ids_of(grant), **data))

    def receipt(self, kind: Receipt.Kind, grant: SharingGrant) -> None:
        """Add a receipt of a grant as it is now; it names the newest one of the grant or of the one it replaces.

        Both sides keep the same receipt, so it names none of a grant that was undone, which the brand never sees. That
        a period ended was nobody's decision, whoever grants anew and finds it expired.
        """
        replaced = grant.known_before
        before = [key for key in self._newest if key in {grant.pk, replaced.pk if replaced else None}]
        act = BY_ITSELF if kind is Receipt.Kind.EXPIRED else self._act
        receipt = receipt_of(kind, grant, act=act, previous=self._newest[before[-1]] if before else None)
        self._newest.pop(grant.pk, None)  # the newest one is the last
        self._newest[grant.pk] = Earlier(receipt.number, receipt.issued_at)
        self._receipts.append(receipt)

    def notify(self, kind: NoticeName, grant: SharingGrant, side: str, **data: Any) -> None:
        """Add a notice about a grant to the people of the factory, or of the brand (`side`)."""
        organisation = grant.factory_id if side == Side.FACTORY else grant.brand_id
        self._notices.append(notice_of(kind, side=side, organisation_id=organisation, **ids_of(grant), **data))

    def write(self) -> None:
        """Write what was gathered; nothing where nothing changed."""
        Event.objects.bulk_create(self._events)
        if self._receipts:
            issue(self._receipts, by=self.actor)
        Notice.objects.bulk_create(self._notices)


def _newest_receipts(grants: Iterable[Any]) -> dict[UUID, Earlier]:
    """Return the newest receipt of each grant that has one, the newest of all last."""
    found = {one.pk: Earlier(one.newest_receipt, one.newest_receipt_at) for one in grants if one.newest_receipt}
    return dict(sorted(found.items(), key=lambda item: item[1].issued_at))


def _act(situation: Situation) -> Act:
    """Return for which side and in which role the decider acts."""
    role = next((role for role in OWN_ROLES if role in situation.roles), "")
    name = situation.by.name
    return Act("factory", str(role), name) if role else Act("programme", "staff", name)
