"""What every layer above writes to: events and jobs; and what proves that nobody changed them."""

from portal.core.models.events import Event
from portal.core.models.jobs import Job
from portal.core.models.ledger import LedgerDay, LedgerLeaf, LedgerSeal
from portal.core.models.signing import SigningKey

__all__ = ["Event", "Job", "LedgerDay", "LedgerLeaf", "LedgerSeal", "SigningKey"]
