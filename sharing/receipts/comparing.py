"""The comparison of each grant with its receipts, for `manage.py verify_ledger`.

Receipts are sealed, grants are not: they are ended, and confirmed, later. So whoever edits a grant in the database
changes what a brand may read without touching the ledger. Here the two are compared: every receipt states the terms
of its grant; the one of its beginning also who gave it and whether a second person had to confirm; those of the
confirmation and of the end also when and by whom. A grant without a receipt of its beginning is one that nobody gave.
No receipt says which grant it replaces or follows; the sealed event of its beginning does.

All of it happens inside the database, in one pass over each table. Values are compared as texts, as they were signed,
so that nothing that somebody wrote into a row can make the comparison itself fail.
"""

from collections.abc import Iterator

from psycopg import sql

from portal.core.signing import Keys
from portal.ledger.checks import Problem, rows_of

GRANTS = "sharing_sharinggrant"
BEGINNING, END = "r.kind IN ('granted', 'changed', 'proposed')", "r.kind IN ('ended', 'expired')"
CONFIRMATION = "r.kind = 'confirmed'"


def _moment(column: str) -> str:
    """Return the SQL for a moment of a row as receipts write it (`sharing.receipts.payload`)."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def _just_before(column: str) -> str:
    """Return the SQL condition that it was written a moment before its receipt, under the same lock.

    Or any time before, where the clock had gone back: then the receipt has the time of the one before it.
    """
    previous = "SELECT p.issued_at FROM sharing_receipt p WHERE p.number = r.payload ->> 'previous'"
    return (
        f"{column} <= r.issued_at AND "
        f"(r.issued_at - {column} <= '1 hour' OR coalesce(r.issued_at = ({previous}), FALSE))"
    )


DIFFERING = sql.SQL(
    """
    SELECT grant_id, number, what
    FROM (
        SELECT r.id, r.grant_id, r.number, CASE WHEN g.id IS NULL THEN '' {cases} END AS what
        FROM sharing_receipt r LEFT JOIN sharing_sharinggrant g ON g.id = r.grant_id
    ) compared
    WHERE what IS NOT NULL ORDER BY id LIMIT 1
    """
)
UNTOLD = """
    SELECT id, is_end
    FROM (
        SELECT g.id, g.created_at, g.ended_at IS NOT NULL AND NOT told.ended AS is_end,
            g.confirmed_at IS NOT NULL AND NOT told.confirmed AS is_confirmation
        FROM sharing_sharinggrant g JOIN (
            SELECT grant_id, bool_or(kind IN ('granted', 'changed', 'proposed')) AS begun,
                bool_or(kind = 'confirmed') AS confirmed, bool_or(kind IN ('ended', 'expired')) AS ended
            FROM sharing_receipt GROUP BY grant_id
        ) told ON told.grant_id = g.id
        WHERE told.begun
    ) held
    WHERE is_end OR is_confirmation ORDER BY created_at, id LIMIT 1
"""
UNKNOWN = """
    SELECT g.id FROM sharing_sharinggrant g WHERE NOT EXISTS (
        SELECT FROM sharing_receipt r WHERE r.grant_id = g.id AND r.kind IN ('granted', 'changed', 'proposed')
    )
    ORDER BY g.created_at, g.id LIMIT 1
"""
# Events from before there were two links name as "replaces" the grant that this one follows. This one then replaces
# that grant, or, if it was never confirmed, the one that it would have replaced.
REPLACED = """
    SELECT g.id, e.id
    FROM sharing_sharinggrant g
    LEFT JOIN core_event e ON e.subject = g.id::text AND e.kind IN ('grant.created', 'grant.changed')
    LEFT JOIN sharing_sharinggrant b ON b.id = g.follows_id
    WHERE e.id IS NULL OR ROW(g.replaces_id::text, g.follows_id::text) IS DISTINCT FROM CASE
        WHEN e.data ? 'follows' THEN ROW(e.data ->> 'replaces', e.data ->> 'follows')
        WHEN b.needs_confirmation AND b.confirmed_at IS NULL THEN ROW(b.replaces_id::text, e.data ->> 'replaces')
        ELSE ROW(b.id::text, e.data ->> 'replaces')
    END
    ORDER BY g.created_at, g.id LIMIT 1
"""

# The cycles that were signed, as a list; in receipts of version 1 there is one, or null (`sharing.receipts.payload`).
CYCLE_NUMBERS = """coalesce(
    r.payload -> 'terms' ->> 'cycle_numbers', '[' || (r.payload -> 'terms' ->> 'cycle_number') || ']', '[]'
)"""
# The values compared: name, the receipts concerned, what the row says and what was signed.
COMPARED = (
    ("factory", "TRUE", "g.factory_id::text", "r.payload -> 'factory' ->> 'id'"),
    ("brand", "TRUE", "g.brand_id::text", "r.payload -> 'brand' ->> 'id'"),
    ("scope", "TRUE", "g.scope", "r.payload -> 'terms' ->> 'scope'"),
    ("cycles", "TRUE", "g.cycles", "r.payload -> 'terms' ->> 'cycles'"),
    ("cycle_numbers", "TRUE", "to_jsonb(g.cycle_numbers)::text", CYCLE_NUMBERS),
    ("valid_from", "TRUE", _moment("g.valid_from"), "r.payload -> 'terms' ->> 'valid_from'"),
    ("expires_at", "TRUE", _moment("g.expires_at"), "r.payload -> 'terms' ->> 'expires_at'"),
    ("purpose", "TRUE", "g.purpose", "r.payload -> 'terms' ->> 'purpose'"),
    ("hold_days", "TRUE", "g.hold_days::text", "r.disclosed -> 'hold_days' ->> 1"),
    ("granted_for", "TRUE", "g.granted_for", "coalesce(r.disclosed -> 'granted_for' ->> 1, '')"),
    ("granted_by", BEGINNING, "g.granted_by_id", "r.actor_id"),
    ("needs_confirmation", BEGINNING, "g.needs_confirmation", "r.kind = 'proposed'"),
    ("confirmed_by", CONFIRMATION, "g.confirmed_by_id", "r.actor_id"),
    ("created_at", BEGINNING, _just_before("g.created_at"), "TRUE"),
    ("confirmed_at", CONFIRMATION, _just_before("g.confirmed_at"), "TRUE"),
    ("ended_at", END, _moment("g.ended_at"), "r.payload ->> 'ended_at'"),
    ("ended_by", END, "g.ended_by_id", "r.actor_id"),
    ("end_code", END, "g.end_code", "coalesce(r.disclosed -> 'end_code' ->> 1, '')"),
    (
        "end_reason",
        END,
        "g.end_reason",
        "coalesce(r.payload ->> 'end_reason', r.disclosed -> 'end_reason' ->> 1, '')",
    ),
    ("is_end_reason_shown", END, "g.is_end_reason_shown", "r.payload ->> 'end_reason' IS NOT NULL"),
)


def compare_grants(_keys: Keys) -> Iterator[Problem]:
    """Yield the differences: a grant that is gone or altered, and a beginning, confirmation or end without receipt."""
    yield from _differing()
    yield from _unrecorded()
    for (grant,) in rows_of(UNKNOWN):
        yield Problem(GRANTS, grant, "no receipt tells of its beginning: nobody gave it")


def compare_replaced(_keys: Keys) -> Iterator[Problem]:
    """Yield a grant that does not replace, or follow, the one that the event of its beginning says."""
    for grant, event in rows_of(REPLACED):
        differs = f"what it replaces or follows is not what event {event} says"
        yield Problem(GRANTS, grant, differs if event else "no event tells of its beginning")


def _differing() -> Iterator[Problem]:
    """Yield the first grant that is not what one of its receipts says."""
    cases = (
        sql.SQL(f"WHEN {only} AND ({row}) IS DISTINCT FROM ({signed}) THEN {{}}").format(sql.Literal(name))
        for name, only, row, signed in COMPARED
    )
    for grant, number, what in rows_of(DIFFERING.format(cases=sql.SQL(" ").join(cases))):
        says = f"its {what} is not what receipt {number} says" if what else f"it is gone, and receipt {number} is there"
        yield Problem(GRANTS, grant, says)


def _unrecorded() -> Iterator[Problem]:
    """Yield the first grant that was confirmed or ended without a receipt."""
    for grant, is_end in rows_of(UNTOLD):
        yield Problem(GRANTS, grant, f"it was {'ended' if is_end else 'confirmed'}, and no receipt says so")
