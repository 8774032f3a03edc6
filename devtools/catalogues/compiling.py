"""The compiled catalogues, which the portal reads: made where it is installed, never kept in the repository.

It needs `polib` and no Django, so that an installation compiles before it has settings.
"""

from pathlib import Path

from devtools.catalogues.entries import PLURALS, compiled, read_catalogue
from devtools.catalogues.stale import is_stale

LOCALE = Path(__file__).resolve().parents[2] / "portal" / "locale"


def po_path(language: str) -> Path:
    """Return the file that translators keep."""
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def compile_catalogues() -> list[str]:
    """Write each compiled file that is missing or older than its catalogue; return the languages written."""
    stale = [language for language in PLURALS if po_path(language).exists() and is_stale(po_path(language))]
    for language in stale:
        path = po_path(language)
        path.with_suffix(".mo").write_bytes(compiled(language, read_catalogue(path)))
    return stale
