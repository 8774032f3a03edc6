"""Heartbeats: worker and beat write one every `EVERY`; without one for `STALE_AFTER` the process counts as gone.

Ages are measured by the database's clock alone. A process that cannot write continues its work.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from portal.core.health.state_folder import folder_id
from portal.core.models import Heartbeat

log = structlog.get_logger(__name__)
EVERY = timedelta(seconds=20)
STALE_AFTER = timedelta(seconds=90)
KEPT = timedelta(days=1)


def write_heartbeat(process: str) -> None:
    """Record that this process lives, over a connection that is not kept open."""
    with _brief_connection(process):
        beat = Heartbeat(name=_name(process), process=process, at=Now(), state_folder=folder_id())
        Heartbeat.objects.bulk_create(
            [beat], update_conflicts=True, unique_fields=["name"], update_fields=["process", "at", "state_folder"]
        )


def end_heartbeat(process: str) -> None:
    """Delete this process's heartbeat, because the process ends in order."""
    with _brief_connection(process):
        Heartbeat.objects.filter(name=_name(process)).delete()


@contextmanager
def _brief_connection(process: str) -> Iterator[None]:
    """Close the connection after the block; an error of the database or the system is logged, and goes no further."""
    try:
        yield
    except (DatabaseError, OSError) as error:
        log.warning("heartbeat_not_written", process=process, error=type(error).__name__)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def alive(process: str) -> QuerySet[Heartbeat]:
    """Return the heartbeats of the processes of this kind that live."""
    return Heartbeat.objects.filter(process=process, at__gt=Now() - STALE_AFTER)


def alive_here(process: str) -> QuerySet[Heartbeat]:
    """Return the heartbeats of the processes of this kind that live on this host."""
    return alive(process).filter(name__startswith=_prefix(process))


def clear_old_heartbeats() -> int:
    """Delete the heartbeats of processes that ended long ago; return how many."""
    return Heartbeat.objects.filter(at__lt=Now() - KEPT).delete()[0]


def _name(process: str) -> str:
    return f"{_prefix(process)}{os.getpid()}"


def _prefix(process: str) -> str:
    return f"{process} {socket.gethostname()[:220]}:"
