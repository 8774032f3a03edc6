"""Inclusion proofs: that one row is under a signed root, without revealing any other row.

A proof is a path of hashes from the row to the root of its seal and, once the day has ended, on to the root that is
published for that day. Its length reveals only how large the padded trees are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection
from psycopg import sql

from portal.core.signing import Keys, NotSignedError, verified
from portal.ledger.checks import row_of
from portal.ledger.days import TYPE as DAY_TYPE
from portal.ledger.days import day_of, hashes_of
from portal.ledger.merkle import HASH_BYTES, Step, climb
from portal.ledger.models import LedgerDay, LedgerLeaf, LedgerSeal
from portal.ledger.padding import padded_path
from portal.ledger.sealing import HEAD_TYPE
from portal.ledger.sources import Source

MEMBERS = {"path", "sealed", "day_path", "published"}


@dataclass(frozen=True)
class Proof:
    """The path of one row to its seal's root and, where there is a `day`, on to the root published for that day."""

    path: list[Step]
    seal: LedgerSeal
    day_path: list[Step]
    day: LedgerDay | None

    def as_document(self) -> dict[str, object]:
        """Return the proof as its holder keeps it (docs/receipts.md)."""
        return {
            "path": [list(step) for step in self.path],
            "sealed": self.seal.head_jws,
            "day_path": [list(step) for step in self.day_path],
            "published": self.day.jws if self.day else None,
        }


def prove(source: Source, row_id: int) -> Proof | None:
    """Return the proof that a row is in the ledger; None while it is not sealed."""
    leaf = LedgerLeaf.objects.filter(source=source.table, row_id=row_id).first()
    if leaf is None:
        return None
    seal = LedgerSeal.objects.get(number=leaf.seal_number)
    hashes, place = _hashes_of_seal(seal, source, row_id)
    path = padded_path(hashes, bytes(seal.nonce), place)
    if source.shown:
        path.insert(0, ("right", _hidden(source, leaf).hex()))
    found = day_of(seal)
    day, seals = found or (None, [])
    return Proof(path, seal, _day_path(seal, day, seals) if day else [], day)


def _hashes_of_seal(seal: LedgerSeal, source: Source, row_id: int) -> tuple[bytes, int]:
    """Return all hashes of a seal in their order, and the place of one row among them."""
    statement = (
        "SELECT source, string_agg(hash, ''::bytea ORDER BY row_id), count(*) FILTER (WHERE row_id < %s) "
        "FROM ledger_ledgerleaf WHERE seal_number = %s GROUP BY source"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [row_id, seal.number])
        found = {table: (bytes(hashes), before) for table, hashes, before in cursor.fetchall()}
    everything, place = b"", 0
    for entry in seal.payload["sources"]:
        hashes, before = found.get(entry["source"], (b"", 0))
        if entry["source"] == source.table:
            place = len(everything) // HASH_BYTES + before
        everything += hashes
    return everything, place


def _hidden(source: Source, leaf: LedgerLeaf) -> bytes:
    statement = sql.SQL("SELECT {} FROM {} r WHERE r.id = {}").format(
        source.hidden_leaf(leaf.form), sql.Identifier(source.table), sql.Literal(leaf.row_id)
    )
    return bytes(row_of(statement)[0])


def _day_path(seal: LedgerSeal, day: LedgerDay, seals: Sequence[LedgerSeal]) -> list[Step]:
    place = [one.number for one in seals].index(seal.number)
    return [("right", seal.digest), *padded_path(hashes_of(seals), bytes(day.nonce), place)]


def proven_day(shown: bytes, proof: object, keys: Keys) -> date | None:
    """Return the day (UTC) of the seal if a presented proof leads from the hash `shown` to roots signed by these keys.

    Return None otherwise, also for a proof with additional content: nobody signed that.
    """
    try:
        if not isinstance(proof, dict) or proof.keys() != MEMBERS:
            return None
        root = climb(shown, proof["path"])
        sealed = verified(HEAD_TYPE, proof["sealed"], keys)
        if sealed["root"] != root.hex() or not _is_published(root, proof["published"], proof["day_path"], keys):
            return None
        return date.fromisoformat(sealed["day"])
    except (NotSignedError, KeyError, TypeError, ValueError, AttributeError):
        return None


def _is_published(root: bytes, published: object, path: list[Step], keys: Keys) -> bool:
    """Return whether a proof leads from a seal's root to a published one, or does not claim to."""
    if published is None:
        return path == []
    return climb(root, path).hex() == verified(DAY_TYPE, published, keys)["root"]
