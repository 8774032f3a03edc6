"""Further checks by the apps above: that tables which are not sealed still agree with what sealed rows say of them.

Each app registers its checks when it is loaded. They run inside the transaction of the verification. The comparison
is made in the database, as text, so that nothing somebody wrote into a row can make a check itself fail.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import sql

from portal.core.signing import Keys, NotSignedError, Refusal, verified

# A moment and its event are written in one transaction; the clocks that gave them may differ by this much.
SAME_MOMENT = "interval '5 minutes'"


@dataclass(frozen=True)
class Problem:
    """One deviation from what was sealed: in which table, which row, and what is wrong with it."""

    source: str
    row_id: object
    what: str

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}: {self.what}"


Check = Callable[[Keys], Iterator[Problem]]
further_checks: list[Check] = []


def register_ledger_check(check: Check) -> None:
    """Have `verify_ledger` run a check from now on; of its problems only the first is named."""
    if check not in further_checks:
        further_checks.append(check)


def rows_of(statement: str | sql.Composable) -> Iterator[tuple[Any, ...]]:
    """Yield the rows that a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        yield from cursor.fetchall()


def row_of(statement: str | sql.Composable) -> tuple[Any, ...]:
    """Return the one row that a statement finds. Raises `ValueError` where it finds none, or more."""
    (row,) = rows_of(statement)
    return row


def wrong_signature(kind: str, jws: str, payload: object, keys: Keys, unsigned: str) -> str:
    """Return what is wrong with a stored payload's signature; empty if nothing. `unsigned` says that it is none."""
    try:
        return "" if verified(kind, jws, keys) == payload else unsigned
    except NotSignedError as error:
        if error.refusal is Refusal.UNKNOWN_KEY:
            return f"it is signed with the key {error.key_id}, which SIGNING_KEYS does not name: add its public half"
        return unsigned
