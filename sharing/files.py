"""The folders of the private storage that belong to consent: scans of signed forms, and tables being previewed."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from portal.core.uploads import Folder, register_folder
from sharing.models import PaperConsent

CONSENTS = "consents"
TABLES = "uploads/subscriptions"
DECIDE_WITHIN = timedelta(hours=2)


def _documents() -> Iterator[str]:
    return PaperConsent.objects.values_list("document", flat=True).iterator()


def _no_rows() -> Iterable[str]:
    """Return none: previews are named by their own signed page, for as long as one may decide."""
    return ()


register_folder(Folder(CONSENTS, _documents, sweep_after=timedelta(days=30), is_evidence=True))
register_folder(Folder(TABLES, _no_rows, sweep_after=DECIDE_WITHIN))
