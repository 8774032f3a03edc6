"""The served PostgreSQL of a rehearsal: its superuser, and databases and roles that are dropped again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

TRUSTED = ["psql", "-h", "127.0.0.1", "-U", "postgres"]


def superuser() -> list[str]:
    """Return the command that speaks SQL as the superuser: by 127.0.0.1 where it is trusted, else as its own user."""
    asked = subprocess.run([*TRUSTED, "-w", "-qAtc", "select 1"], capture_output=True, check=False)
    return TRUSTED if asked.returncode == 0 else ["runuser", "-u", "postgres", "--", "psql"]


def sql(text: str, database: str = "postgres") -> str:
    """Run SQL as the superuser; return what it printed."""
    command = [*superuser(), "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", text]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def names(prefix: str) -> Iterator[str]:
    """Give a name that no database or role begins with; what was made under it is dropped in the end."""
    name = f"{prefix}_{os.getpid()}"
    try:
        yield name
    finally:
        for database in sql(f"select datname from pg_database where datname like '{name}%'").split():
            sql(f"drop database {database} with (force)")
        for role in sql(f"select rolname from pg_roles where rolname like '{name}%'").split():
            sql(f"drop role {role}")
