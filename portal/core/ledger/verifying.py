"""Verifying: recompute every leaf, root and signature, and name what is wrong.

Memory stays bounded however long the ledger: rows are compared inside the database, leaves come one seal at a time.
Trusted are the keys that the environment names (`SIGNING_KEYS`) and those of a copy of the roots, never the database's.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from portal.core.canonical import NotCanonicalError, digest
from portal.core.ledger.merkle import leaf_hash, pieces, root_of
from portal.core.ledger.roots import Roots
from portal.core.ledger.sealing import TYPE, Mark, marks
from portal.core.ledger.sources import Source, sources
from portal.core.models import LedgerSeal
from portal.core.signing import configured_keys, is_signed_by

SEALS = "core_ledgerseal"
LEAVES = "core_ledgerleaf"


@dataclass(frozen=True)
class Problem:
    """One thing that is not as it was sealed: in which table, which row, and what is wrong with it."""

    source: str
    row_id: object
    what: str

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}: {self.what}"


@dataclass
class Verdict:
    """What was found. `problems` is empty where nothing was altered; of each kind and table it names the first."""

    seals: int = 0
    rows: int = 0
    unsealed: int = 0
    problems: list[Problem] = field(default_factory=list)


# What an app above checks besides: that other tables still say what their sealed rows say.
Check = Callable[[], Iterator[Problem]]
further_checks: list[Check] = []


def verify_ledger(roots: Roots | None = None) -> Verdict:
    """Verify everything that was sealed, as of one moment; writers go on meanwhile."""
    verdict = Verdict()
    with _one_moment():
        for source in sources():
            verdict.problems += _first(_altered(source))
        last = LedgerSeal.objects.order_by("-number").first()
        reached = _reached(last)
        for source in sources():
            mark = reached.get(source.table, Mark())
            verdict.problems += _first(_slipped_in(source, mark))
            verdict.unsealed += _waiting(source, mark)
        keys = (roots.keys if roots else {}) | configured_keys()
        verdict.problems += _first(_seals(keys, verdict))
        verdict.problems += _first(_astray(last.number if last else 0))
        if roots:
            verdict.problems += _first(_against_copy(roots))
        for check in further_checks:
            verdict.problems += _first(check())
    return verdict


def _reached(last: LedgerSeal | None) -> dict[str, Mark]:
    """How far each source was sealed, if the last seal can be read at all: that it was altered is found later."""
    try:
        return marks(last)
    except (KeyError, TypeError):
        return {}


@contextmanager
def _one_moment() -> Iterator[None]:
    """All that is read inside is of one moment, unless a transaction is open already."""
    is_inner = connection.in_atomic_block
    with transaction.atomic():
        if not is_inner:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _first(problems: Iterator[Problem]) -> list[Problem]:
    found = next(problems, None)
    return [found] if found else []


def _altered(source: Source) -> Iterator[Problem]:
    """The first sealed row that is gone, or says something else than it did."""
    statement = sql.SQL(
        "SELECT l.row_id, l.seal_number, r.id IS NULL FROM core_ledgerleaf l LEFT JOIN {table} r ON r.id = l.row_id "
        "WHERE l.source = {name} AND (r.id IS NULL OR l.hash IS DISTINCT FROM {leaf}) ORDER BY l.row_id LIMIT 1"
    ).format(table=sql.Identifier(source.table), name=sql.Literal(source.table), leaf=source.leaf_in_its_form())
    for row_id, seal, is_gone in _rows(statement):
        what = "was removed after" if is_gone else "is not what it was when"
        yield Problem(source.table, row_id, f"this row {what} seal {seal} was made")


def _slipped_in(source: Source, mark: Mark) -> Iterator[Problem]:
    """The first row without a leaf where nothing can have appeared since."""
    for (row_id,) in _rows(_without_leaf("min(r.id)", source, sql.SQL("r.id <= {}").format(mark.settled))):
        if row_id is not None:
            yield Problem(
                source.table,
                row_id,
                "this row was slipped in after its neighbours were sealed, or its leaf was removed",
            )


def _waiting(source: Source, mark: Mark) -> int:
    """How many rows wait for the next seal."""
    return int(next(_rows(_without_leaf("count(*)", source, sql.SQL("r.id > {}").format(mark.settled))))[0])


def _without_leaf(what: str, source: Source, where: sql.Composable) -> sql.Composable:
    return sql.SQL(
        "SELECT {what} FROM {table} r WHERE {where} AND NOT EXISTS "
        "(SELECT FROM core_ledgerleaf l WHERE l.source = {name} AND l.row_id = r.id)"
    ).format(what=sql.SQL(what), table=sql.Identifier(source.table), where=where, name=sql.Literal(source.table))


def _rows(statement: sql.Composable) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        yield from cursor.fetchall()


def _astray(last: int) -> Iterator[Problem]:
    """The first leaf of a seal that there is not, or of a table that is none of ours."""
    tables = sql.SQL(", ").join(sql.Literal(source.table) for source in sources())
    statement = sql.SQL(
        "SELECT l.source, l.row_id, l.seal_number FROM core_ledgerleaf l "
        "WHERE l.seal_number > {last} OR l.source NOT IN ({tables}) ORDER BY l.seal_number, l.source, l.row_id LIMIT 1"
    ).format(last=sql.Literal(last), tables=tables)
    for source, row_id, seal in _rows(statement):
        yield Problem(source, row_id, f"its leaf belongs to seal {seal}, which is missing or says nothing of it")


# --- seals ---------------------------------------------------------------------------------------------


def _seals(keys: dict[str, bytes], verdict: Verdict) -> Iterator[Problem]:
    """The first seal that is missing, altered, not signed, or does not fit its leaves."""
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
    """All of them, seal by seal: no more than one seal's hashes are in memory."""
    statement = (
        "SELECT seal_number, source, count(*), min(row_id), max(row_id), string_agg(hash, ''::bytea ORDER BY row_id) "
        "FROM core_ledgerleaf GROUP BY seal_number, source ORDER BY seal_number, source"
    )
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(3):
            for row in rows:
                seal, source, count, lowest, highest, hashes = row
                yield Leaves(seal, source, count, lowest, highest, bytes(hashes))


def _wrong_by_itself(seal: LedgerSeal, previous: LedgerSeal | None, keys: dict[str, bytes]) -> str:
    payload, number = seal.payload, previous.number + 1 if previous else 1
    if seal.number != number:
        return f"seal {number} is missing before it"
    key = keys.get(seal.key_id)
    if key is None:
        return f"it is signed with the key {seal.key_id}, which SIGNING_KEYS does not name: add its public half"
    try:
        is_signed = is_signed_by(key, payload, seal.signature)
        chained = digest(previous.payload) if previous else None
    except NotCanonicalError:
        is_signed, chained = False, None
    if not is_signed:
        return "it was altered: its signature does not fit"
    if payload.get("type") != TYPE or payload["number"] != seal.number or payload["previous"] != chained:
        return "it does not follow the seal before it"
    if payload["snapshot"] != seal.snapshot or payload["sealed_at"] != seal.sealed_at.isoformat():
        return "its columns are not what it signed"
    return ""


def _wrong_leaves(seal: LedgerSeal, previous: LedgerSeal | None, own: dict[str, Leaves]) -> str:
    before = marks(previous)
    root = [leaf_hash(bytes(seal.nonce))]
    for entry in seal.payload["sources"]:
        name, mark = entry["source"], before.get(entry["source"], Mark())
        leaves = own.pop(name, Leaves(seal.number, name, 0, mark.settled + 1, mark.high, b""))
        if entry["above"] != mark.settled or entry["settled"] < mark.settled or entry["high"] < mark.high:
            return f"what it says of {name} does not follow the seal before it"
        if leaves.rows != entry["rows"]:
            return f"it has {leaves.rows} leaves of {name} instead of {entry['rows']}"
        if leaves.lowest <= entry["above"] or max(leaves.highest, mark.high) != entry["high"]:
            return f"its leaves of {name} are not those it was made with"
        root += pieces(leaves.hashes)
    if own:
        return f"it has leaves of {min(own)}, of which it says nothing"
    if root_of(root).hex() != seal.payload["root"]:
        return "its leaves were altered: they do not give its root"
    return ""


def _against_copy(roots: Roots) -> Iterator[Problem]:
    """The first seal of the copy that is missing here or says something else."""
    for number in sorted(roots.digests):
        seal = LedgerSeal.objects.filter(number=number).first()
        if seal is None:
            yield Problem(SEALS, number, "the copy has this seal, the ledger has not: its end was cut off")
        elif _digest(seal) != roots.digests[number]:
            yield Problem(SEALS, number, "it is not the seal that the copy has: the ledger was written anew")


def _digest(seal: LedgerSeal) -> str:
    try:
        return digest(seal.payload)
    except NotCanonicalError:
        return ""
