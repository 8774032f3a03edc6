"""Where everything is. Read these as attributes of the module: the tests put other folders in their place."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".state"
LOGS = STATE / "log"
VENV = ROOT / ".venv"
STAMP = VENV / "portal-lock.json"
INSTALLING = VENV / "portal-installing"  # there while pip works: if it was killed, what it left cannot be trusted
PYTHON = str(VENV / "bin" / "python")
DEFAULT_PORT = 8000
