"""Verification: recompute every leaf, root and signature, and name what is wrong.

Memory stays bounded however long the ledger: rows are compared inside the database, leaves come one seal at a time.
The trusted keys are those of the environment (`SIGNING_KEYS`) and of copies of the roots, never the database's.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from django.db import connection, transaction
from psycopg import sql

from portal.core.reader import reading_as
from portal.core.signing import Keys, configured_keys
from portal.ledger.checks import Problem, further_checks, row_of, rows_of, wrong_signature
from portal.ledger.days import TYPE as DAY_TYPE
from portal.ledger.days import hashes_of, seals_after
from portal.ledger.models import LedgerDay, LedgerSeal
from portal.ledger.padding import padded_root
from portal.ledger.remembering import Memory, MemoryUnreadableError, remembered
from portal.ledger.roots import Roots
from portal.ledger.sealing import HEAD_TYPE, OLD, TYPE, Mark, head_of, marks, tables_with_old_rows
from portal.ledger.sources import Source, sources

SEALS = "ledger_ledgerseal"
DAYS = "ledger_ledgerday"
ALTERED = "it was altered: its signature does not fit"


@dataclass
class Verdict:
    """The result. `problems` is empty where nothing was altered; it names the first one of each kind and table."""

    seals: int = 0
    days: int = 0
    rows: int = 0
    unsealed: int = 0
    memory: Memory | None = None
    problems: list[Problem] = field(default_factory=list)


def verify_ledger(copies: Sequence[Roots] = ()) -> Verdict:
    """Verify everything that was sealed, as of one moment; writers are not blocked.

    `copies` are copies of the published roots that were kept elsewhere.
    """
    verdict = Verdict()
    keys = {key_id: key for copy in copies for key_id, key in copy.keys.items()} | configured_keys()
    memory = _memory(verdict)  # before the moment: what it says was committed by then
    with _one_moment():
        for source in sources():
            verdict.problems += islice(_altered(source), 1)
        last = LedgerSeal.objects.order_by("-number").first()
        reached = _reached(last)
        for source in sources():
            mark = reached.get(source.table, Mark())
            verdict.problems += islice(_slipped_in(source, mark), 1)
            verdict.unsealed += _waiting(source, mark)
        verdict.problems += islice(_seals(keys, verdict), 1)
        verdict.problems += islice(_astray(last.number if last else 0), 1)
        verdict.problems += islice(_days(keys, verdict), 1)
        verdict.problems += islice(_never_sealed(), 1)
        verdict.problems += [Problem(*found) for found in (memory.problems() if memory else [])]
        for copy in copies:
            verdict.problems += islice(_against_copy(copy), 1)
        for check in further_checks:
            verdict.problems += islice(check(keys), 1)
    return verdict


def _memory(verdict: Verdict) -> Memory | None:
    try:
        verdict.memory = remembered()
    except MemoryUnreadableError as error:
        verdict.problems.append(Problem(SEALS, "newest", str(error)))
    return verdict.memory


def _never_sealed() -> Iterator[Problem]:
    for table in tables_with_old_rows():
        yield Problem(SEALS, 1, f"there is no seal, and {table} has rows that are more than {OLD} old")


def _reached(last: LedgerSeal | None) -> dict[str, Mark]:
    """Return how far each source was sealed, if the last seal is readable: that it was altered is found later."""
    try:
        return marks(last)
    except (KeyError, TypeError):
        return {}


@contextmanager
def _one_moment() -> Iterator[None]:
    """Read everything inside as of one moment, unless a transaction is open already."""
    is_inner = connection.in_atomic_block
    with transaction.atomic():
        if not is_inner:
            # It must be the transaction's first statement; the next one then carries the reader.
            with reading_as(""), connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _altered(source: Source) -> Iterator[Problem]:
    """Yield the first sealed row that is gone, or differs from what was sealed."""
    statement = sql.SQL(
        "SELECT l.row_id, l.seal_number, r.id IS NULL FROM ledger_ledgerleaf l LEFT JOIN {table} r ON r.id = l.row_id "
        "WHERE l.source = {name} AND (r.id IS NULL OR l.hash IS DISTINCT FROM {leaf}) ORDER BY l.row_id LIMIT 1"
    ).format(table=sql.Identifier(source.table), name=sql.Literal(source.table), leaf=source.leaf_in_its_form())
    for row_id, seal, is_gone in rows_of(statement):
        what = "was removed after" if is_gone else "is not what it was when"
        yield Problem(source.table, row_id, f"this row {what} seal {seal} was made")


def _slipped_in(source: Source, mark: Mark) -> Iterator[Problem]:
    """Yield the first row without a leaf in a range where no row can have appeared since."""
    (row_id,) = row_of(_without_leaf("min(r.id)", source, sql.SQL("r.id <= {}").format(mark.settled)))
    if row_id is not None:
        what = "this row was slipped in after its neighbours were sealed, or its leaf was removed"
        yield Problem(source.table, row_id, what)


def _waiting(source: Source, mark: Mark) -> int:
    """Return how many rows wait for the next seal."""
    return int(row_of(_without_leaf("count(*)", source, sql.SQL("r.id > {}").format(mark.settled)))[0])


def _without_leaf(what: str, source: Source, where: sql.Composable) -> sql.Composable:
    return sql.SQL(
        "SELECT {what} FROM {table} r WHERE {where} AND NOT EXISTS "
        "(SELECT FROM ledger_ledgerleaf l WHERE l.source = {name} AND l.row_id = r.id)"
    ).format(what=sql.SQL(what), table=sql.Identifier(source.table), where=where, name=sql.Literal(source.table))


def _astray(last: int) -> Iterator[Problem]:
    """Yield the first leaf of a seal that does not exist, or of a table that is not a source."""
    tables = sql.SQL(", ").join(sql.Literal(source.table) for source in sources())
    statement = sql.SQL(
        "SELECT l.source, l.row_id, l.seal_number FROM ledger_ledgerleaf l "
        "WHERE l.seal_number > {last} OR l.source NOT IN ({tables}) ORDER BY l.seal_number, l.source, l.row_id LIMIT 1"
    ).format(last=sql.Literal(last), tables=tables)
    for source, row_id, seal in rows_of(statement):
        yield Problem(source, row_id, f"its leaf belongs to seal {seal}, which is missing or says nothing of it")


# --- seals ---------------------------------------------------------------------------------------------


def _seals(keys: Keys, verdict: Verdict) -> Iterator[Problem]:
    """Yield the first seal that is missing, altered, not signed, or does not fit its leaves."""
    previous: LedgerSeal | None = None
    leaves = _leaves()
    waiting = next(leaves, None)
    for seal in LedgerSeal.objects.order_by("number").iterator(chunk_size=1000):
        found = _wrong_by_itself(seal, previous, keys)
        own: dict[str, Leaves] = {}
        while waiting is not None and waiting.seal <= seal.number:
            own[waiting.source] = waiting
            waiting = next(leaves, None)
        verdict.seals += 1
        verdict.rows += sum(one.rows for one in own.values())
        found = found or _wrong_leaves(seal, previous, own)
        if found:
            yield Problem(SEALS, seal.number, found)
            return
        previous = seal


@dataclass(frozen=True)
class Leaves:
    """The leaves of one source in one seal."""

    seal: int
    source: str
    rows: int
    lowest: int
    highest: int
    hashes: bytes


def _leaves() -> Iterator[Leaves]:
    """Yield all of them, seal by seal: no more than one seal's hashes are in memory."""
    statement = (
        "SELECT seal_number, source, count(*), min(row_id), max(row_id), string_agg(hash, ''::bytea ORDER BY row_id) "
        "FROM ledger_ledgerleaf GROUP BY seal_number, source ORDER BY seal_number, source"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(3):
            for seal, source, count, lowest, highest, hashes in rows:
                yield Leaves(seal, source, count, lowest, highest, bytes(hashes))


def _wrong_by_itself(seal: LedgerSeal, previous: LedgerSeal | None, keys: Keys) -> str:
    payload, number = seal.payload, previous.number + 1 if previous else 1
    if seal.number != number:
        return f"seal {number} is missing before it"
    if found := wrong_signature(TYPE, seal.jws, payload, keys, ALTERED):
        return found
    if payload["number"] != seal.number or payload["previous"] != (previous.digest if previous else None):
        return "it does not follow the seal before it"
    if payload["snapshot"] != seal.snapshot or payload["sealed_at"] != seal.sealed_at.isoformat():
        return "its columns are not what it signed"
    return wrong_signature(HEAD_TYPE, seal.head_jws, head_of(payload), keys, "the signature of its root was altered")


def _wrong_leaves(seal: LedgerSeal, previous: LedgerSeal | None, own: dict[str, Leaves]) -> str:
    before = marks(previous)
    hashes = b""
    for entry in seal.payload["sources"]:
        name, mark = entry["source"], before.get(entry["source"], Mark())
        leaves = own.pop(name, Leaves(seal.number, name, 0, mark.settled + 1, mark.high, b""))
        if entry["above"] != mark.settled or entry["settled"] < mark.settled or entry["high"] < mark.high:
            return f"what it says of {name} does not follow the seal before it"
        if leaves.rows != entry["rows"]:
            return f"it has {leaves.rows} leaves of {name} instead of {entry['rows']}"
        if leaves.lowest <= entry["above"] or max(leaves.highest, mark.high) != entry["high"]:
            return f"its leaves of {name} are not those it was made with"
        hashes += leaves.hashes
    if own:
        return f"it has leaves of {min(own)}, of which it says nothing"
    if padded_root(hashes, bytes(seal.nonce)).hex() != seal.payload["root"]:
        return "its leaves were altered: they do not give its root"
    return ""


# --- days ----------------------------------------------------------------------------------------------


def _days(keys: Keys, verdict: Verdict) -> Iterator[Problem]:
    """Yield the first day that is missing, altered, not signed, or does not fit its seals."""
    before: LedgerDay | None = None
    for day in LedgerDay.objects.order_by("day").iterator(chunk_size=1000):
        verdict.days += 1
        if found := _wrong_day(day, before, keys):
            yield Problem(DAYS, day.day, found)
            return
        before = day


def _wrong_day(day: LedgerDay, before: LedgerDay | None, keys: Keys) -> str:
    payload = day.payload
    if before is not None and day.day != before.day + timedelta(days=1):
        return "the day before it is missing"
    if found := wrong_signature(DAY_TYPE, day.jws, payload, keys, ALTERED):
        return found
    if payload["day"] != day.day.isoformat() or payload["previous"] != (before.digest if before else None):
        return "it does not follow the day before it"
    try:
        root = padded_root(hashes_of(seals_after(before, day.last_seal)), bytes(day.nonce))
    except (ValueError, KeyError, TypeError):
        return "it, or one of its seals, was altered"
    return "" if root.hex() == payload["root"] else "its seals are not those that it was made of"


def _against_copy(copy: Roots) -> Iterator[Problem]:
    """Yield the first day of the copy that is missing here or differs."""
    for number in sorted(copy.digests):
        day = LedgerDay.objects.filter(day=number).first()
        if day is None:
            yield Problem(DAYS, number, "the copy has this day, the ledger has not: its end was cut off")
        elif day.digest != copy.digests[number]:
            yield Problem(DAYS, number, "it is not the day that the copy has: the ledger was written anew")
