"""What a transaction has written so far, in any table."""

from django.db import connection

# Of pg_stat_xact_user_tables, which also looks at every index of every table, only what is asked for.
COUNTS = """
    SELECT relname, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid)
        + pg_stat_get_xact_tuples_deleted(oid)
    FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND oid >= 16384  -- below are the server's own
"""


def written() -> dict[str, int]:
    """Return the rows written so far in this transaction, by table; what was rolled back counts too."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        return dict(cursor.fetchall())
