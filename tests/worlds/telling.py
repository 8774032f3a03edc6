"""What reaches people without their asking: mails and webhooks that the periodic tasks send."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import Message
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core import mail

from assessments.tasks import clear_old_report_files
from portal.core.tasks import requeue_lost_jobs
from portal.ledger import remembering
from portal.ledger.tasks import seal_ledger
from portal.notices.tasks import deliver_webhooks, send_notices
from portal.notices.webhooks import sending
from portal.notices.webhooks.addresses import Target
from sharing.tasks import announce_monthly_digests, prompt_renewals, remind_of_copies, tend_requests
from tests.worlds.draws import DRAWS
from tests.worlds.masks import Mask, masked

PERIODIC = (
    requeue_lost_jobs,
    clear_old_report_files,
    remind_of_copies,
    prompt_renewals,
    announce_monthly_digests,
    tend_requests,
    seal_ledger,
    send_notices,
    deliver_webhooks,
)
GATHERED = timedelta(minutes=20)  # after which what was announced has left


@contextmanager
def received() -> Iterator[dict[str, list[str]]]:
    """Collect the webhooks sent in it, by host."""
    arrived: dict[str, list[str]] = {}

    def take(target: Target, headers: list[tuple[bytes, bytes]], body: bytes) -> int:
        lines = [f"{name.decode()}: {value.decode()}" for name, value in headers]
        arrived.setdefault(target.host, []).extend([*lines, body.decode()])
        return 204

    with patch.object(sending, "_request", take):
        yield arrived


def run_periodic_tasks(label: str) -> None:
    """Run everything that beat would; what each of them draws is the same in both worlds."""
    (Path(settings.STATE_DIR) / remembering.NAME).unlink(missing_ok=True)  # each world is an installation of its own
    for task in PERIODIC:
        DRAWS.begin(f"{label} {task.name}")
        task()


def mails_to(address: str, masks: tuple[Mask, ...]) -> list[str]:
    """Return the lines of the mails to an address, in the order in which they left."""
    lines: list[str] = []
    for one in mail.outbox:
        if address in one.to:
            lines += _lines(one.message())
    return [masked(line, masks) for line in lines]


def _lines(message: Message) -> Iterator[str]:
    """The headers and texts of a mail, without the boundary between them."""
    for part in message.walk():
        yield from (f"{name}: {value}" for name, value in part.items() if name != "Content-Type")
        yield part.get_content_type()
        if not part.is_multipart():
            content: Any = part.get_payload(decode=True)
            yield from content.decode().splitlines()


def webhooks_to(side: str, arrived: dict[str, list[str]], masks: tuple[Mask, ...]) -> list[str]:
    """Return what arrived at the webhooks of a brand (`brand-a`, `brand-b`)."""
    return [masked(line, masks) for host, lines in sorted(arrived.items()) if host.startswith(side) for line in lines]
