"""What notices say to their readers."""

from typing import Any

from portal.notices.models import Notice
from portal.notices.outbox import notice_kinds


def said(kind: str, reader: Any, side: str = "factory") -> str:
    """Return what the newest notice of a kind tells a reader, or nothing."""
    notice = Notice.objects.filter(kind=kind, side=side).latest("pk")
    line = notice_kinds[kind].line(notice, reader)
    return line.text if line else ""
