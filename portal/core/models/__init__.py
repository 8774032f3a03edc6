"""What every layer above writes to: events and jobs; what proves that nobody changed them; signs of life."""

from portal.core.models.events import Event
from portal.core.models.heartbeats import Heartbeat
from portal.core.models.jobs import Job
from portal.core.models.ledger import LedgerDay, LedgerLeaf, LedgerSeal
from portal.core.models.mails import WaitingMail
from portal.core.models.signing import SigningKey

__all__ = ["Event", "Heartbeat", "Job", "LedgerDay", "LedgerLeaf", "LedgerSeal", "SigningKey", "WaitingMail"]
