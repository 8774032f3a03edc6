"""The kinds of sheets: who reads and fills them in, and what follows. Each is registered by the app that owns it."""

from typing import ClassVar

from assessments.sheets.models import AnswerSheet
from portal.accounts.models import User


class SheetKind:
    """One kind of sheets, by its name; the answers here refuse everything."""

    name: ClassVar[str]

    def may_read(self, user: User, sheet: AnswerSheet) -> bool:
        """Return whether a person may read a sheet."""
        return False

    def may_write(self, user: User, sheet: AnswerSheet) -> bool:
        """Return whether a person may fill in a sheet, if it is open."""
        return False

    def is_open(self, sheet: AnswerSheet) -> bool:
        """Return whether a sheet still takes changes; asked under its lock."""
        return False


_KINDS: dict[str, SheetKind] = {}


def register_kind(kind: SheetKind) -> None:
    """Add a kind of sheets. Raises `ValueError` for a name that is taken."""
    if kind.name in _KINDS:
        raise ValueError(f"There is a kind of sheets called {kind.name} already.")
    _KINDS[kind.name] = kind


def kind_of(sheet: AnswerSheet) -> SheetKind:
    """Return the kind of a sheet. Raises `KeyError` for one that nobody registered."""
    return _KINDS[sheet.kind]
