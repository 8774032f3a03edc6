"""The compiled catalogues of the languages offered: without them every page would be English, and say nothing."""

from pathlib import Path

from django.conf import settings
from django.core.checks import Error

COMMAND = "python -m devtools.catalogues --compile"


def compiled_catalogues(**_asked: object) -> list[Error]:
    """Return an error where the catalogue of a language that is offered is not compiled."""
    missing = [code for code, _name in settings.LANGUAGES if code != "en" and not _file(code).exists()]
    if not missing:
        return []
    return [Error(f"These languages are not compiled: {', '.join(missing)}.", hint=f"Run {COMMAND}.", id="portal.E001")]


def _file(code: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / code / "LC_MESSAGES" / "django.mo"
