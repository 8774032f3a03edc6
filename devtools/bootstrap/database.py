"""Migrations and demo, done once; the embedded database for one command."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devtools.bootstrap import places
from devtools.bootstrap.console import Refused, Stop, say, step
from devtools.bootstrap.environment import manage, portal_environment
from devtools.bootstrap.instance import instance, prepare_state, server_of
from devtools.bootstrap.packages import ensure_packages, lock_hash
from devtools.bootstrap.processes import clear_leftovers, running, wait_for, write_run
from devtools.bootstrap.translations import ensure_translations
from devtools.embedded.files import Lock, read_json, write_private
from devtools.embedded.roles import create_roles, install_queue
from devtools.embedded.server import Server


def fingerprint(*patterns: str) -> str:
    """Return a hash of the files that the patterns name, and of the locked packages (which bring migrations too)."""
    digest = hashlib.sha256(lock_hash("embedded").encode())
    for pattern in patterns:
        for path in sorted(places.ROOT.glob(pattern)):
            digest.update(str(path.relative_to(places.ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:32]


def database_notes(server: Server) -> dict[str, Any]:
    """Return what we noted on the database itself: which migrations it has, whether the demo is in it."""
    text = server.sql("select shobj_description(oid, 'pg_database') from pg_database where datname = 'portal'")
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def note_on_database(server: Server, notes: dict[str, Any]) -> None:
    server.sql(f"comment on database portal is '{json.dumps(notes)}'")


def prepare_database(server: Server, mine: dict[str, Any]) -> None:
    """Bring roles, tables and demo data up to date; when nothing changed this asks the database one question."""
    notes = database_notes(server)
    environment = portal_environment(server, mine, owner=True)
    wanted = fingerprint("*/migrations/*.py", "portal/*/migrations/*.py")
    if notes.get("migrated") != wanted:
        with step("Creating roles and tables (migrate)"):
            create_roles(server, mine["passwords"])
            install_queue(server, mine["passwords"], places.VENV)
            is_empty = not server.sql("select to_regclass('django_migrations')", "portal").strip()
            manage(environment, "migrate", "--database", "owner", "--no-input", "--skip-checks")
            if not is_empty:  # an empty database has no organisations whose roles could be behind
                manage(environment, "sync_roles", "--skip-checks")
        notes["migrated"] = wanted
        note_on_database(server, notes)
    if not notes.get("demo"):
        try:
            with step("Loading the demo programme (load_demo)"):
                manage(environment, "load_demo", "--skip-checks")
        except Refused as refusal:
            say(f"  Without the demo programme: {refusal}")
        notes["demo"] = True
        note_on_database(server, notes)


def demo_accounts(environment: dict[str, str]) -> str:
    """Return the text of `manage.py demo_accounts`, remembered until the demo's source changes."""
    remembered = places.STATE / "demo-accounts.json"
    source = fingerprint("portal/demo/**/*.py")
    value = read_json(remembered)
    if value.get("source") != source:
        try:
            value = {"source": source, "text": manage(environment, "demo_accounts", "--skip-checks")}
        except Refused as refusal:
            return f"No demo accounts: {refusal}"
        write_private(remembered, json.dumps(value))
    return str(value["text"])


@contextlib.contextmanager
def database() -> Iterator[tuple[Server, dict[str, Any]]]:
    """Give (server, identity) of this checkout's database: the running one, or one started for as long as needed."""
    prepare_state()
    ensure_packages("embedded")
    ensure_translations()
    lock = Lock(places.STATE / "supervisor.lock")
    if not lock.acquire():
        run = wait_for(lambda: running() if running().get("mode") == "up" else {}, 60.0)
        if not run:
            raise Stop("Another ./dev manage is using the database: wait until it has ended.")
        mine = instance()
        server = server_of(mine)
        server.socket_folder = Path(str(run["socket_folder"]))
        yield server, mine
        return
    mine = instance()
    clear_leftovers(mine)
    server = server_of(mine)
    try:
        server.initialise()
        server.start()
        write_run("manage", server)
        server.wait_ready()
        create_roles(server, mine["passwords"])
        install_queue(server, mine["passwords"], places.VENV)
        yield server, mine
    finally:
        server.stop()
        (places.STATE / "run.json").unlink(missing_ok=True)
        lock.release()
