"""The rights of the app role in the database: two roles, and the web owns nothing.

`migrate` runs as the owner. After it, the app role that the web and the workers use gets rights table by
table: everything an ordinary table needs, and only the listed rights where an app's config names fewer in
`database_rights` (events and who-saw-what: no UPDATE, no DELETE; grants: no DELETE). It never gets TRUNCATE,
REFERENCES, TRIGGER or any right to change the schema, and no setting of a session switches a trigger off.
Row-level security, which is not built yet, will add policies for the same two roles.
"""

from collections.abc import Iterator

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from psycopg import sql

ALL_ROWS = "SELECT, INSERT, UPDATE, DELETE"
# Tables of libraries that nobody may write through the web: guardian's generic permission tables would be a
# second, unindexed truth beside the per-model tables (portal.accounts.roles).
LIBRARY_RIGHTS = {
    "django_migrations": "SELECT",
    "guardian_userobjectpermission": "SELECT",
    "guardian_groupobjectpermission": "SELECT",
}


# django-pgtrigger asks this function before each trigger. Its own switches off those that the setting
# `pgtrigger.ignore` names, and any session may set that: the web could change what is final. Ours never does.
IGNORES_TRIGGER = "public._pgtrigger_should_ignore"
NO = "SELECT FALSE"
NO_TRIGGER_IGNORED = f"""
    CREATE OR REPLACE FUNCTION {IGNORES_TRIGGER}(trigger_name NAME) RETURNS BOOLEAN LANGUAGE sql IMMUTABLE AS '{NO}'
"""


def table_rights() -> Iterator[tuple[str, str]]:
    """Yield every table that has fewer rights than `ALL_ROWS`, with its rights."""
    yield from LIBRARY_RIGHTS.items()
    for config in apps.get_app_configs():
        for model_name, rights in getattr(config, "database_rights", {}).items():
            yield config.get_model(model_name)._meta.db_table, rights


def apply_rights(using: str = "owner", **_signal: object) -> None:
    """Give the app role its rights on the database behind alias `using`.

    Raises `ImproperlyConfigured`, naming the SQL to run, when the role does not exist.
    """
    role = sql.Identifier(settings.APP_DATABASE_ROLE)
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT current_user = %s", [settings.APP_DATABASE_ROLE])
        if cursor.fetchone()[0]:
            raise ImproperlyConfigured("Migrate as the owner: manage.py migrate --database owner")
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [settings.APP_DATABASE_ROLE])
        if cursor.fetchone() is None:
            raise ImproperlyConfigured(
                f"The database has no role {settings.APP_DATABASE_ROLE}. As its superuser run: "
                f"CREATE ROLE {settings.APP_DATABASE_ROLE} LOGIN PASSWORD '...';"
            )
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
        cursor.execute(sql.SQL("GRANT " + ALL_ROWS + " ON ALL TABLES IN SCHEMA public TO {}").format(role))
        cursor.execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}").format(role))
        for table, rights in table_rights():
            name = sql.Identifier(table)
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(name, role))
            cursor.execute(sql.SQL("GRANT " + rights + " ON {} TO {}").format(name, role))
        cursor.execute(NO_TRIGGER_IGNORED)


def missing_rights() -> list[str]:
    """Compare the rights of the connected role with those that `apply_rights` gives; return a phrase for each fault."""
    expected = dict(table_rights())
    faults = []
    with connection.cursor() as cursor:
        cursor.execute(_RIGHTS_NOW)
        for table, owns, *held in cursor.fetchall():
            wanted = set(expected.get(table, ALL_ROWS).split(", "))
            has = {name for name, is_held in zip(_ASKED, held, strict=True) if is_held}
            if owns:
                faults.append(f"the app role owns {table}")
            elif has != wanted:
                faults.append(f"the app role has {', '.join(sorted(has)) or 'no right'} on {table}")
        cursor.execute("SELECT prosrc FROM pg_proc WHERE oid = to_regprocedure(%s)", [f"{IGNORES_TRIGGER}(name)"])
        if cursor.fetchone() != (NO,):
            faults.append("every session can switch triggers off (pgtrigger.ignore)")
        cursor.execute("SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            faults.append("the app role is a superuser, or may bypass row security or make roles")
    return faults


_ASKED = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
_RIGHTS_NOW = (
    "SELECT tablename, tableowner = current_user, "  # noqa: S608 - made of the constants above
    + ", ".join(f"has_table_privilege(format('%I.%I', schemaname, tablename), '{name}')" for name in _ASKED)
    + " FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
)
