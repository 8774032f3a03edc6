"""The tables to which every layer above writes: events and jobs; the keys that sign; signs of life."""

from portal.core.models.events import Event
from portal.core.models.heartbeats import Heartbeat
from portal.core.models.jobs import Job
from portal.core.models.mails import WaitingMail
from portal.core.models.signing import SigningKey

__all__ = ["Event", "Heartbeat", "Job", "SigningKey", "WaitingMail"]
