"""The newest seal and day, remembered outside the database: in a file under `STATE_DIR`, and in the log.

Anyone with every right in the database can delete the ledger's end, or all of it, and have what they wrote sealed
anew. The file says what was sealed last. It is compared before each seal and at each verification: the portal does
not continue a ledger that it does not know.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import structlog
from django.conf import settings

from portal.ledger.models import LedgerDay, LedgerSeal

NAME = "ledger-newest-seal.json"
CUT_OFF = "is remembered outside the database and is missing here: the ledger's end was cut off, or a backup restored"
ANOTHER = "is not the one that is remembered outside the database: the ledger was written anew"
log = structlog.get_logger(__name__)


class MemoryUnreadableError(Exception):
    """The error for a file that is there and cannot be read; the message says which and what to do."""


@dataclass(frozen=True)
class Memory:
    """The newest seal's number and digest, and the newest day and its digest (empty before the first day has ended)."""

    seal: int
    seal_digest: str
    day: str = ""
    day_digest: str = ""

    def problems(self) -> list[tuple[str, object, str]]:
        """Return what does not fit the ledger in the database: table, row and what is wrong."""
        found: list[tuple[str, object, str]] = []
        seal = LedgerSeal.objects.filter(number=self.seal).first()
        if seal is None or seal.digest != self.seal_digest:
            found.append((LedgerSeal._meta.db_table, self.seal, f"this seal {ANOTHER if seal else CUT_OFF}"))
        if self.day:
            day = LedgerDay.objects.filter(day=self.day).first()
            if day is None or day.digest != self.day_digest:
                found.append((LedgerDay._meta.db_table, self.day, f"this day {ANOTHER if day else CUT_OFF}"))
        return found


def place() -> Path:
    """Return where the file is."""
    return Path(settings.STATE_DIR) / NAME


def remembered() -> Memory | None:
    """Return what is remembered; None where there is no file. Raises `MemoryUnreadableError`."""
    try:
        value = json.loads(place().read_text())
        memory = Memory(value["seal"], value["seal_digest"], value["day"], value["day_digest"])
        if memory.day:
            date.fromisoformat(memory.day)
        if not isinstance(memory.seal, int):
            raise ValueError("no number")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MemoryUnreadableError(
            f"{place()} cannot be read ({type(error).__name__}). Restore it, or compare the ledger with copies of its "
            "roots (verify_ledger --roots) and then run seal_ledger --accept-database."
        ) from error
    return memory


def remember_newest() -> None:
    """Write down the newest seal and day of the database, readable by the portal's own user only."""
    seal = LedgerSeal.objects.order_by("-number").first()
    day = LedgerDay.objects.order_by("-day").first()
    if seal is None:
        place().unlink(missing_ok=True)
        return
    memory = Memory(seal.number, seal.digest, day.day.isoformat() if day else "", day.digest if day else "")
    _write(json.dumps(asdict(memory)) + "\n")
    log.info("ledger_sealed", **asdict(memory))


def _write(text: str) -> None:
    """Replace the file in one step: a crash leaves either the old one or the new one, never half of one."""
    place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place().parent, prefix=f".{NAME}.")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(place())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
