"""The folder of the private storage in which tables of assessments wait for their import."""

from collections.abc import Iterator
from datetime import timedelta

from assessments.models import ImportBatch
from portal.core.uploads import Folder, register_folder

TABLES = "uploads"


def _undecided() -> Iterator[str]:
    open_ones = ImportBatch.objects.filter(state__in=[*ImportBatch.OPEN, ImportBatch.State.APPLYING])
    return open_ones.values_list("file", flat=True).iterator()


register_folder(Folder(TABLES, _undecided, sweep_after=timedelta(days=1)))
