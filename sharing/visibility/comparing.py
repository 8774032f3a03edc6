"""The comparison of the index of visibility with the grants and reports it comes from, and its rebuilding."""

from django.db import connections, transaction

from sharing.visibility.models import ROWS

COLUMNS = "grant_id, report_id, brand_id, scope, opens_at, until"
TRUTH = ROWS.format(which="true").split(")", 1)[1]  # the SELECT behind the INSERT's list of columns


def compare(using: str = "default") -> tuple[int, int]:
    """Return how many rows the index lacks, and how many it has too many. One statement, one snapshot."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            f"WITH truth ({COLUMNS}) AS ({TRUTH}), held AS (SELECT {COLUMNS} FROM sharing_visibility) SELECT "  # noqa: S608
            "(SELECT count(*) FROM (SELECT * FROM truth EXCEPT ALL SELECT * FROM held) lacks), "
            "(SELECT count(*) FROM (SELECT * FROM held EXCEPT ALL SELECT * FROM truth) surplus)"
        )
        lacks, surplus = cursor.fetchone()
    return lacks, surplus


def rebuild(using: str = "owner") -> None:
    """Rebuild the index in one transaction, while no grant and no report changes."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("LOCK TABLE sharing_sharinggrant, sharing_cyclereport IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM sharing_visibility")
        cursor.execute(ROWS.format(which="true"))
