"""What the embedded database cannot do, in a sentence that says why and what to do."""

import re
from pathlib import Path


class DatabaseError(Exception):
    """The database cannot be used; the message is a sentence that says why and what to do."""


def explain(output: str, what: str, log: Path | None = None) -> str:
    """Turn the output of a PostgreSQL program into a sentence."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"{what}: the disk is full. Free some space, then run ./dev again."
    where = f" (all of it: {log})" if log else ""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error:", line)] or lines
    reason = telling[-1] if telling else "no reason was given"
    if "authentication failed" in reason:
        return (
            f"{what}: the password in .state/secrets.json is not the database's. Restore that file, or run ./dev reset."
        )
    return f"{what}: {reason}{where}"
