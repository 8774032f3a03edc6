"""The account that the server runs under where root starts it."""

import contextlib
import os
import pwd
import subprocess
from dataclasses import dataclass

from devtools.embedded.errors import DatabaseError

SPARE_UIDS = range(61184, 65520)  # reserved by convention for services that have no account


@dataclass(frozen=True)
class Account:
    """An unprivileged uid and gid."""

    uid: int
    gid: int

    def become(self) -> None:
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)
        os.umask(0o077)

    def can(self, arguments: list[str]) -> bool:
        """Return whether this account can run the program."""
        try:
            result = subprocess.run(
                arguments, capture_output=True, cwd="/", preexec_fn=self.become, timeout=20, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return result.returncode == 0


def nobody() -> Account:
    """Return the system's account without rights, which initdb needs: it wants a uid that has a name."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise DatabaseError(
            "This system has no user 'nobody', and PostgreSQL does not run as root: "
            "create an ordinary user and run ./dev as that user."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def spare_account(seed: str) -> Account:
    """Return a uid that no account and no process has, so that nobody else can read the data; else ``nobody``."""
    start = sum(ord(letter) * 31**index for index, letter in enumerate(seed))
    for step in range(50):
        uid = SPARE_UIDS[(start + step * 97) % len(SPARE_UIDS)]
        with contextlib.suppress(KeyError):
            pwd.getpwuid(uid)
            continue
        account = Account(uid, uid)
        if account.can(["/bin/sh", "-c", "exit 0"]):
            return account
        break
    return nobody()
