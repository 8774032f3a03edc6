"""Inclusion proofs: that one row is under a signed root, without revealing any other row.

A proof is a path of hashes from the row to the root of its seal and, once the day has ended, on to the root that is
published for that day. Its length reveals only how large the padded trees are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import sql

from portal.core.canonical import digest
from portal.core.signing import is_signed_by
from portal.ledger.days import TYPE as DAY_TYPE
from portal.ledger.days import day_as_signed, day_of, hashes_of
from portal.ledger.merkle import HASH_BYTES, Step, climb
from portal.ledger.models import LedgerDay, LedgerLeaf, LedgerSeal
from portal.ledger.padding import padded_path
from portal.ledger.sealing import HEAD_TYPE, head_of
from portal.ledger.sources import Source

MEMBERS = {"path", "sealed", "day_path", "published"}
SIGNED_MEMBERS = {"payload", "key_id", "signature"}


@dataclass(frozen=True)
class Proof:
    """The path of one row to its seal's root and, where there is a `day`, on to the root published for that day."""

    path: list[Step]
    seal: LedgerSeal
    day_path: list[Step]
    day: LedgerDay | None

    def as_document(self) -> dict[str, Any]:
        """Return the proof as its holder keeps it (docs/receipts.md)."""
        seal, head = self.seal, head_of(self.seal.payload)
        return {
            "path": [list(step) for step in self.path],
            "sealed": {"payload": head, "key_id": seal.key_id, "signature": seal.head_signature},
            "day_path": [list(step) for step in self.day_path],
            "published": day_as_signed(self.day) if self.day else None,
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
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return bytes(cursor.fetchone()[0])


def _day_path(seal: LedgerSeal, day: LedgerDay, seals: Sequence[LedgerSeal]) -> list[Step]:
    place = [one.number for one in seals].index(seal.number)
    return [("right", digest(seal.payload)), *padded_path(hashes_of(seals), bytes(day.nonce), place)]


def is_proven(shown: bytes, proof: Any, keys: dict[str, bytes]) -> bool:
    """Return whether a presented proof leads from the hash `shown` to roots that these keys signed.

    Return False also for a proof with additional content: nobody signed that.
    """
    try:
        if proof.keys() != MEMBERS:
            return False
        root = climb(shown, proof["path"])
        if not _is_root(proof["sealed"], HEAD_TYPE, root, keys):
            return False
        if proof["published"] is None:
            return proof["day_path"] == []
        return _is_root(proof["published"], DAY_TYPE, climb(root, proof["day_path"]), keys)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _is_root(signed: Any, kind: str, root: bytes, keys: dict[str, bytes]) -> bool:
    payload, key = signed["payload"], keys.get(signed["key_id"])
    return (
        key is not None
        and signed.keys() == SIGNED_MEMBERS
        and is_signed_by(key, payload, signed["signature"])
        and payload["type"] == kind
        and payload["root"] == root.hex()
    )
