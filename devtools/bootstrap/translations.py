"""The compiled translations, which are not kept in the repository."""

import subprocess

from devtools.bootstrap import places
from devtools.bootstrap.console import Stop, step
from devtools.bootstrap.environment import clean_environment
from devtools.catalogues.stale import is_stale


def ensure_translations() -> None:
    """Compile the catalogues whose compiled file is missing or older than they are."""
    if not any(map(is_stale, places.ROOT.glob("portal/locale/*/LC_MESSAGES/django.po"))):
        return
    with step("Compiling the translations"):
        result = subprocess.run(
            [places.PYTHON, "-m", "devtools.catalogues", "--compile"],
            capture_output=True, text=True, cwd=places.ROOT, env=clean_environment(), check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise Stop(f"The translations could not be compiled:\n{result.stderr[-2000:]}")
