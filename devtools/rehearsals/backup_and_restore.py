"""Run the lines on backups of docs/operations.md as they are written: back up, lose everything, restore, verify.

    .venv/bin/python -m devtools.rehearsals.backup_and_restore

Needs a PostgreSQL at 127.0.0.1:5432 and its programs (pg_dump, pg_restore). The demo programme is what is backed up.
Only names of roles and database and the folders are replaced. It leaves nothing behind.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from devtools.rehearsals.documents import ROOT, RehearsalError, commands, replaced
from devtools.rehearsals.served import names, sql, superuser

PASSWORD = secrets.token_hex(16)


def environment(name: str, folder: Path) -> dict[str, str]:
    """Return the settings of an installation under this name; the demo needs DEBUG."""
    address = f"{PASSWORD}@127.0.0.1:5432/{name}"
    return {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "DEBUG": "true",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "SIGNING_KEYS": secrets.token_urlsafe(32),
        "DATABASE_URL": f"postgres://{name}_app:{address}",
        "DATABASE_OWNER_URL": f"postgres://{name}_owner:{address}",
        "REDIS_URL": "redis://127.0.0.1:6379/14",
        "STATE_DIR": str(folder / "state"),
    }


def run(command: str, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in the checkout with these settings."""
    return subprocess.run(["bash", "-ec", command], cwd=ROOT, env=settings, capture_output=True, text=True, check=False)


def must(command: str, settings: dict[str, str]) -> str:
    """Run it; return what it printed. Raises `RehearsalError` with its last lines when it fails."""
    print(f"    {command}", flush=True)
    done = run(command, settings)
    if done.returncode != 0:
        raise RehearsalError("\n".join((done.stdout + done.stderr).splitlines()[-12:]))
    return done.stdout


def install(name: str, settings: dict[str, str]) -> None:
    """Make an installation that holds the demo programme, with a sealed ledger."""
    for role in ("owner", "app"):
        sql(f"CREATE ROLE {name}_{role} LOGIN PASSWORD '{PASSWORD}'")
        sql(f"ALTER ROLE {name}_{role} SET log_min_error_statement = panic")
        sql(f"ALTER ROLE {name}_{role} SET log_error_verbosity = terse")
    sql(f"CREATE DATABASE {name} OWNER {name}_owner")
    for command in ("migrate --database owner -v 0", "sync_roles", "load_demo", "seal_ledger"):
        must(f"python -W ignore manage.py {command}", settings)


def counted(settings: dict[str, str]) -> str:
    """Return how many grants, events and files there are."""
    code = "print(SharingGrant.objects.count(), Event.objects.count(), PaperConsent.objects.count())"
    asked = must(f'python -W ignore manage.py shell -v 0 -c "{code}"', settings)
    files = [path for path in Path(settings["STATE_DIR"], "private", "consents").glob("*") if path.is_file()]
    return f"{asked.strip()} {len(files)}"


def checks(settings: dict[str, str]) -> dict[str, str]:
    """Return the verdicts of `check_installation` by name; no worker runs here, so it fails as a whole."""
    lines = run("python -W ignore manage.py check_installation", settings).stdout.splitlines()
    return {line[7:].split(":")[0]: line[:7].strip() for line in lines}


def rehearse(name: str, folder: Path) -> None:
    """Back up, lose, restore, verify."""
    settings = environment(name, folder)
    install(name, settings)
    before = counted(settings)
    if before.split()[-1] == "0":
        raise RehearsalError("The demo has no scan of a consent: nothing would prove that files come back.")
    changes = {"/backup": str(folder / "backup")}
    must(replaced(commands("docs/operations.md", "### Back up"), changes), settings)

    sql(f"DROP DATABASE {name} WITH (FORCE)")
    shutil.rmtree(folder / "state")

    changes |= {
        "psql -h 127.0.0.1 -U postgres": " ".join(superuser()),
        "CREATE DATABASE portal OWNER portal_owner": f"CREATE DATABASE {name} OWNER {name}_owner",
    }
    said = must(replaced(commands("docs/operations.md", "### Restore"), changes), settings)
    if "Intact:" not in said:
        raise RehearsalError(f"The restored ledger is not intact: {said}")
    compare(before, counted(settings), settings)


def compare(before: str, after: str, settings: dict[str, str]) -> None:
    """Everything is back, and a missing file would have been noticed."""
    if after != before:
        raise RehearsalError(f"Grants, events, consents, scans: {before} before, {after} after the restore.")
    found = checks(settings)
    wrong = {name for name, verdict in found.items() if verdict != "ok"} - {"worker", "beat", "mail"}
    if wrong or "scans" not in found:
        raise RehearsalError(f"check_installation after the restore: {sorted(wrong)} are wrong.")
    shutil.rmtree(Path(settings["STATE_DIR"], "private"))
    if checks(settings)["scans"] == "ok":
        raise RehearsalError("check_installation does not notice that the scans are missing.")


def main() -> int:
    """Rehearse; 0 when everything came back."""
    try:
        with tempfile.TemporaryDirectory() as folder, names("portal_backup") as name:
            Path(folder, "backup").mkdir()
            rehearse(name, Path(folder))
    except RehearsalError as error:
        print(f"backup and restore: {error}", file=sys.stderr)
        return 1
    print("Database and files were lost and came back; the ledger is intact.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
