"""The roles and databases of the portal, and the tables of its queue."""

from collections.abc import Mapping
from pathlib import Path

from devtools.embedded.errors import DatabaseError
from devtools.embedded.server import Server

ROLES: Mapping[str, str] = {
    "portal_owner": "login nosuperuser createdb nocreaterole nobypassrls",
    "portal_app": "login nosuperuser nocreatedb nocreaterole nobypassrls",
    "portal_queue": "login nosuperuser nocreatedb nocreaterole nobypassrls",
}
DATABASES: Mapping[str, str] = {"portal": "portal_owner", "portal_queue": "portal_queue"}


def create_roles(server: Server, passwords: Mapping[str, str]) -> None:
    """Create or correct the roles and databases: an owner that migrates, an app role, the queue's own.

    Doing it again changes nothing. ``passwords`` has one per role; they consist of letters and digits.
    """
    statements = []
    for role, rights in ROLES.items():
        statements.append(
            f"select 'create role {role}' where not exists (select from pg_roles where rolname = '{role}') \\gexec\n"
            f"alter role {role} {rights} password '{passwords[role]}';"
        )
    for database, owner in DATABASES.items():
        statements.append(
            f"select 'create database {database} owner {owner}' "
            f"where not exists (select from pg_database where datname = '{database}') \\gexec\n"
            f"revoke all on database {database} from public;"
        )
    statements.append("grant connect on database portal to portal_app;")
    server.sql("\n".join(statements))
    server.sql("revoke create on schema public from public;", "portal")


def install_queue(server: Server, passwords: Mapping[str, str], venv: Path) -> None:
    """Install PGMQ's tables and functions, from the ``pgmq`` wheel, in the queue's database if they are missing."""
    as_queue = {"user": "portal_queue", "password": passwords["portal_queue"]}
    if server.sql("select to_regnamespace('pgmq') is not null", "portal_queue", **as_queue).strip() == "t":
        return
    scripts = sorted(venv.glob("lib/python3*/site-packages/pgmq/sql/pgmq.sql"))
    if not scripts:
        raise DatabaseError("The package pgmq is not in .venv: delete the folder .venv and run ./dev again.")
    script = scripts[-1].read_text(encoding="utf-8")
    server.sql(f"begin;\n{script}\ncommit;", "portal_queue", **as_queue)
