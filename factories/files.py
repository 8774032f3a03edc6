"""The folders of the private storage that belong to factories: scans of handovers, and tables being previewed."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from factories.models import Handover
from portal.core.uploads import Folder, register_folder

HANDOVERS = "handovers"
TABLES = "uploads/factories"
DECIDE_WITHIN = timedelta(hours=2)


def _scans() -> Iterator[str]:
    return Handover.objects.exclude(scan="").values_list("scan", flat=True).iterator()


def _no_rows() -> Iterable[str]:
    """Return nothing: a previewed file is named only in its signed page, as long as the preview can be confirmed."""
    return ()


register_folder(Folder(HANDOVERS, _scans, sweep_after=timedelta(days=30), is_evidence=True))
register_folder(Folder(TABLES, _no_rows, sweep_after=DECIDE_WITHIN))
