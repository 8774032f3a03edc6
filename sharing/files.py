"""The folder of the private storage that belongs to consent: scans of signed forms, kept for ever."""

from collections.abc import Iterator
from datetime import timedelta

from portal.core.uploads import Folder, register_folder
from sharing.models import PaperConsent

CONSENTS = "consents"


def _documents() -> Iterator[str]:
    return PaperConsent.objects.values_list("document", flat=True).iterator()


register_folder(Folder(CONSENTS, _documents, sweep_after=timedelta(days=30), is_evidence=True))
