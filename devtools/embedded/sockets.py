"""The folder of the server's socket: private, with a short path."""

import errno
import os
import re
import tempfile
from pathlib import Path

from devtools.embedded.accounts import Account
from devtools.embedded.errors import DatabaseError

SOCKET_PATH_LIMIT = 90  # of the folder; the kernel's limit for the whole path is 103 (macOS) or 107 (Linux)


def private_socket_folder(account: Account | None) -> Path:
    """Make a 0700 folder with a short path for the socket, owned by the server's account."""
    candidates = ["/tmp", tempfile.gettempdir()]  # noqa: S108 - mkdtemp: a new, private folder
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and account is None and _is_private(Path(runtime)):
        candidates.insert(0, runtime)
    for candidate in candidates:
        if len(candidate) + 20 > SOCKET_PATH_LIMIT:
            continue
        try:
            folder = Path(tempfile.mkdtemp(dir=candidate, prefix="portal-"))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            continue
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        return folder
    raise DatabaseError(f"No folder for the database's socket could be made in {' or '.join(candidates)}.")


def empty_socket_folder(folder: Path) -> None:
    """Remove the socket and its lock, when no server of ours lives; the folder held nothing else."""
    for file in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (folder / file).unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    return (
        status.st_uid == os.geteuid()
        and not status.st_mode & 0o077
        and re.fullmatch(r"[\w./-]+", str(folder)) is not None
    )
