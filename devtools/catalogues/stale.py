"""Which catalogues have to be compiled. Standard library only: `./dev` asks before anything is installed."""

from pathlib import Path


def is_stale(catalogue: Path) -> bool:
    """Return whether the compiled file of a catalogue is missing, or older than the catalogue."""
    made = catalogue.with_suffix(".mo")
    return not made.exists() or made.stat().st_mtime < catalogue.stat().st_mtime
