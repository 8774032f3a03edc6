"""Sealing: every row that has no leaf yet gets one, and the root over the new leaves is signed.

Rows do not become visible in the order of their ids, and numbers are missing where a transaction was undone. So each
seal looks at everything above a mark, and says per source:

- `above`: the mark; it is the `settled` of the seal before;
- `high`: the highest id that has a leaf;
- `settled`: the `high` of the newest earlier seal behind which nothing can appear any more, because every transaction
  that ran when it was made had ended before this seal began to look.

Whatever lies at or below the `settled` of the last seal and has no leaf was therefore slipped in or lost its leaf.
Nothing here locks a row or a table; the sealers of two processes exclude each other, and the second does nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from psycopg import sql

from portal.core.canonical import digest
from portal.core.ledger.merkle import leaf_hash, root_of
from portal.core.ledger.sources import Source, sources
from portal.core.models import LedgerSeal
from portal.core.signing import sign

ONE_SEALER = 0x6C6564676572  # key of the advisory lock
MOST_ROWS = 100_000  # of each source in one seal
# Between drawing its id and getting its transaction number a row has a few microseconds; this is a generous lot more.
SETTLES_AFTER = timedelta(minutes=1)
TYPE = "portal.seal"


@dataclass(frozen=True)
class Mark:
    """How far one source was sealed."""

    high: int = 0
    settled: int = 0


def seal_new_rows() -> list[LedgerSeal]:
    """Seal what is new, `MOST_ROWS` of each source at a time; returns the seals that were made (none: nothing new)."""
    made = []
    while (seal := seal_once()) is not None:
        made.append(seal)
    return made


@transaction.atomic
def seal_once() -> LedgerSeal | None:
    """One seal over the new rows; None when there is nothing to say, or another process is sealing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_SEALER])
        if not cursor.fetchone()[0]:
            return None
    last = LedgerSeal.objects.order_by("-number").first()
    before = marks(last)
    settled = {table: max(mark.high, before.get(table, Mark()).settled) for table, mark in marks(_settled()).items()}
    number = last.number + 1 if last else 1
    entries: list[dict[str, Any]] = []
    leaves: list[list[bytes]] = []
    for source in sources():
        mark = before.get(source.table, Mark())
        rows = _add_leaves(source, above=mark.settled, seal=number)
        entries.append(
            {
                "source": source.table,
                "form": source.newest_form,
                "rows": len(rows),
                "above": mark.settled,
                "high": max([mark.high, *(row_id for row_id, _ in rows)]),
                "settled": settled.get(source.table, mark.settled),
            }
        )
        leaves.append([leaf for _, leaf in rows])
    if not any(entry["rows"] or entry["settled"] > entry["above"] for entry in entries):
        return None
    return _write(number, last, entries, leaves)


def all_seals() -> QuerySet[LedgerSeal]:
    """Every seal: for those who may keep copies of the signed roots."""
    return LedgerSeal.objects.all()


def newest_seals(count: int) -> list[LedgerSeal]:
    """The newest seals, the last one first."""
    return list(all_seals().order_by("-number")[:count])


def marks(seal: LedgerSeal | None) -> dict[str, Mark]:
    """How far each source was sealed, by table, as a seal says."""
    entries = seal.payload["sources"] if seal else []
    return {entry["source"]: Mark(entry["high"], entry["settled"]) for entry in entries}


def _settled() -> LedgerSeal | None:
    """The newest seal behind which nothing can appear: every transaction that ran when it was made has ended.

    A seal whose transaction number lies ahead comes from before a restore: nothing of that time runs any more.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint, clock_timestamp() "
            "FROM pg_current_snapshot() s"
        )
        oldest_running, next_one, now = cursor.fetchone()
    old = LedgerSeal.objects.filter(sealed_at__lte=now - SETTLES_AFTER).order_by("-number")
    return (old.filter(snapshot__lt=oldest_running) | old.filter(snapshot__gt=next_one)).first()


def _add_leaves(source: Source, *, above: int, seal: int) -> list[tuple[int, bytes]]:
    """Give every row of a source above a mark that has no leaf one; returns (id, hash), by id."""
    statement = sql.SQL(
        "INSERT INTO core_ledgerleaf (source, row_id, form, hash, seal_number) "
        "SELECT {table_name}, r.id, {form}, {leaf}, {seal} FROM {table} r WHERE r.id > {above} AND NOT EXISTS "
        "(SELECT FROM core_ledgerleaf l WHERE l.source = {table_name} AND l.row_id = r.id) ORDER BY r.id LIMIT {most} "
        "RETURNING row_id, hash"
    ).format(
        table=sql.Identifier(source.table),
        table_name=sql.Literal(source.table),
        form=sql.Literal(source.newest_form),
        leaf=source.leaf(source.newest_form),
        seal=sql.Literal(seal),
        above=sql.Literal(above),
        most=sql.Literal(MOST_ROWS),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return sorted((row_id, bytes(leaf)) for row_id, leaf in cursor.fetchall())


def _write(
    number: int, last: LedgerSeal | None, entries: list[dict[str, Any]], leaves: list[list[bytes]]
) -> LedgerSeal:
    # After the rows were looked at: a transaction that may still bring one has a number below this.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, clock_timestamp()")
        snapshot, now = cursor.fetchone()
    nonce = secrets.token_bytes(32)
    payload = {
        "type": TYPE,
        "version": 1,
        "number": number,
        "previous": digest(last.payload) if last else None,
        "sealed_at": now.isoformat(),
        "snapshot": snapshot,
        "sources": entries,
        "root": root_of(chain([leaf_hash(nonce)], *leaves)).hex(),
    }
    signed = sign(payload)
    return LedgerSeal.objects.create(
        number=number,
        payload=payload,
        nonce=nonce,
        key_id=signed.key_id,
        signature=signed.signature,
        sealed_at=now,
        snapshot=snapshot,
    )
