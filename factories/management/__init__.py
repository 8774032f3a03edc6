"""Commands that import tables from files, on behalf of a member of the staff."""

from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError

from portal.accounts.models import User


def active_account(email: str) -> User:
    """Return the active account with this address. Raises `CommandError`."""
    found = User.objects.filter(email__iexact=email, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active account {email}.")
    return found


def opened(file: Path) -> BinaryIO:
    """Return the file, open for reading. Raises `CommandError` where there is none."""
    if not file.is_file():
        raise CommandError(f"There is no file {file}.")
    return file.open("rb")
