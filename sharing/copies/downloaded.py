"""The copies of a factory's reports that people of a brand downloaded, which no revoke can reach (R7).

Who-saw-what knows their numbers, persons, moments and formats.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min

from sharing.copies.formats import Format
from sharing.models import Scope
from sharing.records.models import AccessRecordQuerySet


@dataclass(frozen=True)
class DownloadedCopy:
    """One copy, however often it was downloaded: `at` is the first time, `format` is in words."""

    number: int
    scope: str
    cycle: int
    version: int
    brand: str
    person: str
    at: datetime
    times: int
    format: str

    @property
    def scope_label(self) -> Any:
        """The scope it holds, in words."""
        return Scope(self.scope).label


def downloaded_copies(records: AccessRecordQuerySet, most: int | None = None) -> list[DownloadedCopy]:
    """Return the copies among `records` (who-saw-what as the asker may see it), the newest first; at most `most`."""
    rows = (
        records.filter(copy_number__isnull=False, brand__isnull=False)
        .values("copy_number", "copy_format", "scope", "cycle", "version", "brand__name", "person__name")
        .annotate(first=Min("at"), times=Count("pk"))
        .order_by("-first", "copy_number")[:most]
    )
    found: list[dict[str, Any]] = [dict(row) for row in rows]
    return [
        DownloadedCopy(
            number=row["copy_number"],
            scope=row["scope"],
            cycle=row["cycle"],
            version=row["version"],
            brand=row["brand__name"],
            person=row["person__name"],
            at=row["first"],
            times=row["times"],
            format=str(Format(row["copy_format"]).label) if row["copy_format"] else "",
        )
        for row in found
    ]
