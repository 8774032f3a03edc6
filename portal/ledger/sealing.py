"""Sealing: every row that has no leaf yet gets one, and the root over the new leaves is signed.

Rows do not become visible in the order of their ids, and numbers are missing where a transaction was rolled back. So
each seal looks at everything above a mark, and records for each source:

- `above`: the mark; it is the `settled` of the seal before;
- `high`: the highest id that has a leaf;
- `settled`: the `high` of the newest earlier seal below which no row can appear any more, because every transaction
that ran when it was made had ended before this seal began to look.

A row at or below the `settled` of the last seal without a leaf was therefore inserted afterwards, or lost its leaf.
Nothing here locks a row or a table; the sealers of two processes exclude each other, and the second does nothing.

Nothing is sealed after a ledger that is not the one remembered outside the database (`remembering`), and no first seal
is made over rows that are old already: both would make somebody who rewrote the record look honest.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from psycopg import sql

from portal.core.events import CoreEvent, record
from portal.core.signing import sign
from portal.ledger.checks import row_of, rows_of
from portal.ledger.days import close_days, is_only_sealer
from portal.ledger.models import LedgerSeal
from portal.ledger.padding import NONCE_BYTES, padded_root
from portal.ledger.remembering import MemoryUnreadableError, remember_newest, remembered
from portal.ledger.sources import Source, sources

MOST_ROWS = 65_536  # of each source in one seal: a power of four, so that a long history needs little padding
OLD = "1 day"  # a row of this age was sealed before, if anything was
# Between drawing its id and getting its transaction number a row has a few microseconds; this is far more than enough.
SETTLES_AFTER = timedelta(minutes=1)
TYPE = "portal-seal+jwt"
HEAD_TYPE = "portal-sealed-root+jwt"


@dataclass(frozen=True)
class Mark:
    """The mark up to which one source was sealed."""

    high: int = 0
    settled: int = 0


class LedgerRefusedError(Exception):
    """The refusal to continue the ledger in the database; the message says why and what to do."""


def seal_new_rows(*, begins_with_history: bool = False) -> list[LedgerSeal]:
    """Publish the ended days, then seal what is new; return the seals that were made (none: nothing new).

    `begins_with_history` lets the first seal cover rows that are old already. Raises `LedgerRefusedError`.
    """
    _refuse_another_ledger()
    if not begins_with_history:
        _refuse_old_rows()
    close_days()
    made = []
    while (seal := seal_once()) is not None:
        made.append(seal)
    if made:
        transaction.on_commit(remember_newest)
    return made


def accept_database() -> list[LedgerSeal]:
    """Continue sealing from what the database holds, whatever is remembered, and write an event that says so.

    For operators, after a restore from a backup.
    """
    with transaction.atomic():
        newest = LedgerSeal.objects.order_by("-number").first()
        try:
            memory = remembered()
        except MemoryUnreadableError:
            memory = None
        known: dict[str, Any] = {"remembered": memory.seal, "remembered_digest": memory.seal_digest} if memory else {}
        record(CoreEvent.LEDGER_ACCEPTED, by=None, subject=newest.number if newest else 0, **known)
    remember_newest()
    return seal_new_rows(begins_with_history=True)


def _refuse_another_ledger() -> None:
    try:
        memory = remembered()
    except MemoryUnreadableError as error:
        raise LedgerRefusedError(f"Nothing was sealed: {error}") from error
    if memory is not None and (found := memory.problems()):
        what = "; ".join(f"{table} {row}: {problem}" for table, row, problem in found)
        raise LedgerRefusedError(
            f"Nothing was sealed: {what}. After a restore from a backup run seal_ledger --accept-database; otherwise "
            "compare the ledger with copies of its roots first (verify_ledger --roots)."
        )


def _refuse_old_rows() -> None:
    for table in tables_with_old_rows():
        raise LedgerRefusedError(
            f"Nothing was sealed: the ledger has no seal, and {table} has rows that are more than {OLD} old. If the "
            "ledger was never in use here, run seal_ledger --accept-database; otherwise its seals were deleted."
        )


def tables_with_old_rows() -> list[str]:
    """Return the tables with rows that must have been sealed by now, where there is no seal at all."""
    if LedgerSeal.objects.exists():
        return []
    is_old = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} < now() - {}::interval)")
    return [
        source.table
        for source in sources()
        if row_of(is_old.format(*map(sql.Identifier, (source.table, source.moment)), sql.Literal(OLD)))[0]
    ]


@transaction.atomic
def seal_once() -> LedgerSeal | None:
    """Make one seal over the new rows; return None when there are none, or another process is sealing."""
    if not is_only_sealer():
        return None
    last = LedgerSeal.objects.order_by("-number").first()
    before = marks(last)
    settled = {table: max(mark.high, before.get(table, Mark()).settled) for table, mark in marks(_settled()).items()}
    number = last.number + 1 if last else 1
    entries: list[dict[str, object]] = []
    leaves: list[bytes] = []
    is_news = False
    for source in sources():
        mark = before.get(source.table, Mark())
        rows = _add_leaves(source, above=mark.settled, seal=number)
        newly_settled = settled.get(source.table, mark.settled)
        is_news |= bool(rows) or newly_settled > mark.settled
        entries.append(
            {
                "source": source.table,
                "form": source.newest_form,
                "rows": len(rows),
                "above": mark.settled,
                "high": max([mark.high, *(row_id for row_id, _ in rows)]),
                "settled": newly_settled,
            }
        )
        leaves += [leaf for _, leaf in rows]
    return _write(number, last, entries, leaves) if is_news else None


def marks(seal: LedgerSeal | None) -> dict[str, Mark]:
    """Return how far each source was sealed, by table, according to a seal."""
    entries = seal.payload["sources"] if seal else []
    return {entry["source"]: Mark(entry["high"], entry["settled"]) for entry in entries}


def _settled() -> LedgerSeal | None:
    """Return the newest seal below which no row can appear: all transactions that ran when it was made have ended.

    A seal whose transaction number is ahead dates from before a restore: no transaction of that time still runs.
    """
    oldest_running, next_one, now = row_of(
        "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint, clock_timestamp() "
        "FROM pg_current_snapshot() s"
    )
    old = LedgerSeal.objects.filter(sealed_at__lte=now - SETTLES_AFTER).order_by("-number")
    return (old.filter(snapshot__lt=oldest_running) | old.filter(snapshot__gt=next_one)).first()


def _add_leaves(source: Source, *, above: int, seal: int) -> list[tuple[int, bytes]]:
    """Give every row of a source above a mark that has no leaf one; return (id, hash), by id."""
    statement = sql.SQL(
        "INSERT INTO ledger_ledgerleaf (source, row_id, form, hash, seal_number) "
        "SELECT {table_name}, r.id, {form}, {leaf}, {seal} FROM {table} r WHERE r.id > {above} AND NOT EXISTS "
        "(SELECT FROM ledger_ledgerleaf l WHERE l.source = {table_name} AND l.row_id = r.id) ORDER BY r.id "
        "LIMIT {most} RETURNING row_id, hash"
    ).format(
        table=sql.Identifier(source.table),
        table_name=sql.Literal(source.table),
        form=sql.Literal(source.newest_form),
        leaf=source.leaf(source.newest_form),
        seal=sql.Literal(seal),
        above=sql.Literal(above),
        most=sql.Literal(MOST_ROWS),
    )
    return sorted((row_id, bytes(leaf)) for row_id, leaf in rows_of(statement))


def _write(number: int, last: LedgerSeal | None, entries: list[dict[str, object]], leaves: list[bytes]) -> LedgerSeal:
    # After the rows were read: a transaction that may still add one among them has a number below this.
    snapshot, now = row_of("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, clock_timestamp()")
    nonce = secrets.token_bytes(NONCE_BYTES)
    payload = {
        "version": 1,
        "number": number,
        "previous": last.digest if last else None,
        "sealed_at": now.isoformat(),
        "snapshot": snapshot,
        "sources": entries,
        "root": padded_root(b"".join(leaves), nonce).hex(),
        # Its hash is in inclusion proofs: without this, who has one could guess the numbers above.
        "salt": secrets.token_hex(16),
    }
    return LedgerSeal.objects.create(
        number=number,
        payload=payload,
        nonce=nonce,
        jws=sign(TYPE, payload),
        head_jws=sign(HEAD_TYPE, head_of(payload)),
        sealed_at=now,
        snapshot=snapshot,
    )


def head_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an inclusion proof shows of a seal: its day (UTC) and its root, no number and no count."""
    return {"version": 1, "day": payload["sealed_at"][:10], "root": payload["root"]}
