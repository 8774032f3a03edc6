"""The copies of a factory's reports that people of a brand downloaded, which no revoke can reach (R7).

Who-saw-what knows their numbers, persons, moments and formats.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from factories.models import Factory
from sharing.copies.formats import Format
from sharing.models import CopyToDestroy, Scope
from sharing.records.models import AccessRecordQuerySet


@dataclass(frozen=True)
class DownloadedCopy:
    """One copy, however often it was downloaded: `at` is the first time."""

    number: int
    scope: str
    cycle: int
    version: int
    brand: str
    person: str
    at: datetime
    times: int
    file_format: str

    @property
    def scope_label(self) -> str:
        """The scope it holds, in words."""
        return str(Scope(self.scope).label)

    @property
    def format(self) -> str:
        """The kind of file, in words; empty where it is not known."""
        return str(Format(self.file_format).label) if self.file_format else ""


def kept(records: AccessRecordQuerySet, factory: Factory) -> AccessRecordQuerySet:
    """Return the records of copies except for those that a brand has reported destroyed."""
    destroyed = CopyToDestroy.objects.filter(notice__factory=factory, answer=CopyToDestroy.Answer.DESTROYED)
    return records.exclude(copy_number__in=destroyed.values("number"))


def downloaded_copies(records: AccessRecordQuerySet, most: int | None = None) -> list[DownloadedCopy]:
    """Return the copies among `records` (who-saw-what as the asker may see it), the newest first; at most `most`."""
    copy = ("copy_number", "scope", "cycle", "version", "brand__name", "person__name")
    rows = (
        records.filter(copy_number__isnull=False, brand__isnull=False)
        .values(*copy, "copy_format")
        .annotate(first=Min("at"), times=Count("pk"))
        .order_by("-first", "copy_number")
        .values_list(*copy, "first", "times", "copy_format")[:most]
    )
    return [DownloadedCopy(*row) for row in rows]
