"""The folder that web, worker and beat share: whether this process can use it, and whether it is the same one.

The folder holds a marker with a random id. Each worker and beat writes the id that it sees into its heartbeat, so a
process with another `STATE_DIR` is found although both folders work.
"""

import secrets
from contextlib import suppress
from pathlib import Path

from django.conf import settings

MARKER = "folder-id"


def folder_id() -> str:
    """Return the id of the folder, made at first use. Raises `OSError` where the folder cannot be used."""
    marker = Path(settings.STATE_DIR) / MARKER
    with suppress(FileExistsError), marker.open("x", encoding="ascii") as file:
        file.write(secrets.token_hex(16))
    return marker.read_text(encoding="ascii")


def try_folder() -> None:
    """Write, read and delete a file in the private storage. Raises `OSError` where that fails."""
    folder = Path(settings.STATE_DIR) / "private"
    folder.mkdir(mode=0o700, exist_ok=True)
    probe, text = folder / f"probe-{secrets.token_hex(8)}", secrets.token_hex(8)
    try:
        probe.write_text(text, encoding="ascii")
        if probe.read_text(encoding="ascii") != text:
            raise OSError(f"What was written to {folder} reads differently.")
    finally:
        probe.unlink(missing_ok=True)
