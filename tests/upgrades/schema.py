"""What PostgreSQL's catalogue says of a database: all that migrations make in the schema `public`."""

import re

from django.conf import settings
from django.db import connections

# The place of a column is its rank: dropped columns leave gaps in the numbers, which a restored database has not.
QUERIES = {
    "columns": """
        SELECT table_name, rank() OVER (PARTITION BY table_name ORDER BY ordinal_position), column_name, data_type,
               udt_name, character_maximum_length, numeric_precision, numeric_scale, is_nullable, column_default,
               is_identity, identity_generation, generation_expression, collation_name
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2
    """,
    "tables": """
        SELECT relname, relkind, relpersistence, reloptions, relrowsecurity FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S', 'p') ORDER BY 1
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(pg_trigger.oid), tgenabled
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal ORDER BY 1, 2
    """,
    "functions": """
        SELECT oid::regprocedure::text, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' ORDER BY 1
    """,
    "policies": "SELECT tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2",
    "rights of the app role": """
        SELECT table_name, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'public' AND grantee = %(role)s ORDER BY 1, 2
    """,
    "migrations": "SELECT app, name FROM django_migrations ORDER BY 1, 2",
}
# PostgreSQL words conditions anew when a dump is restored: with casts and brackets in other places.
DEPARSED = {"constraints", "indexes", "triggers", "policies"}


def plain(condition: str) -> str:
    """Return a condition without casts and brackets."""
    return re.sub(r"::(character varying|[a-z]+)(\(\d+\))?(\[\])?|[()]", "", condition)


def schema() -> dict[str, list[str]]:
    """Return the schema of the database that the owner works in, a line for each thing."""
    with connections["owner"].cursor() as cursor:
        found = {}
        for name, query in QUERIES.items():
            cursor.execute(query, {"role": settings.APP_DATABASE_ROLE} if "%(role)s" in query else None)
            found[name] = [plain(str(row)) if name in DEPARSED else str(row) for row in cursor.fetchall()]
        return found


def row_counts() -> dict[str, int]:
    """Return how many rows each table has."""
    connection = connections["owner"]
    with connection.cursor() as cursor:
        counted = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counted[table] = cursor.fetchone()[0]
        return counted
