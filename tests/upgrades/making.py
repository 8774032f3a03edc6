"""Writes the folder of this version (`./dev release`).

The world is that of the access matrix, on clocks that stand still and with drawn numbers that repeat: the same code
writes the same bytes.
"""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import connections, transaction
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse

import portal.urls  # noqa: F401 - its views and their clocks are loaded before clocks stand still
from portal.ledger.sealing import seal_new_rows
from portal.ledger.verifying import verify_ledger
from sharing.models import Scope
from tests import upgrades
from tests.worlds.databases import Worlds
from tests.worlds.draws import DRAWS
from tests.worlds.moments import BEGINNING, SCHEMA
from tests.worlds.people import Scene

ROOT = Path(__file__).resolve().parents[2]
LISTS = ("shared", "assessments", "grants", "requests", "corrections", "copies-to-destroy")
KEPT_FILES = ("consents", "handovers")  # what exists nowhere else (docs/operations.md)
# Only servers of one release know these, or the line is another one each time.
NOT_KEPT = re.compile(r"^(\\(un)?restrict .*|SET transaction_timeout = .*|-- Dumped .*)\n", re.MULTILINE)


def main() -> int:
    """Write the folder of the version in pyproject.toml, in place of one that is there."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    target = upgrades.FOLDER / version
    with tempfile.TemporaryDirectory() as folder, empty_database() as empty, tokens_are_drawn():
        worlds = Numbered(empty, Path(folder))
        with worlds.open():
            seen = live_on(worlds)
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            (target / "database.sql.gz").write_bytes(gzip.compress(dumped(worlds.template), 9, mtime=0))
            text = json.dumps(seen, indent=1, sort_keys=True, ensure_ascii=False)
            (target / "seen.json").write_text(f"{text}\n")
            for name in KEPT_FILES:
                if (Path(folder) / "template" / name).is_dir():
                    shutil.copytree(Path(folder) / "template" / name, target / "files" / name)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"Wrote {target.relative_to(ROOT)}: {size // 1024} KB.")
    return 0


class Numbered(Worlds):
    """Worlds whose sessions also find the numbers of transactions standing still: seals contain them."""

    def _copy(self, source: str, target: str) -> None:
        super()._copy(source, target)
        with self.working_in(target, self.folder), connections["owner"].cursor() as cursor:
            cursor.execute(
                f"CREATE FUNCTION {SCHEMA}.pg_current_snapshot() RETURNS pg_snapshot IMMUTABLE LANGUAGE sql "
                "AS $$ SELECT '100:100:'::pg_snapshot $$"
            )
            connections["owner"].close()


def tokens_are_drawn() -> AbstractContextManager[Any]:
    """Return a context in which tokens of the API are drawn from what `DRAWS` puts in place of the system's source."""
    return patch("knox.crypto.generate_bytes", lambda size: os.urandom(size))  # noqa: PLW0108 - looked up when called


@contextmanager
def empty_database() -> Iterator[str]:
    """Give a migrated database, in which both roles work."""
    setup_test_environment()
    owner = connections["owner"]
    real = owner.settings_dict["NAME"]
    owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = owner.settings_dict["NAME"]
    yield str(owner.settings_dict["NAME"])
    connections["default"].close()
    owner.creation.destroy_test_db(real, verbosity=0)


def live_on(worlds: Worlds) -> dict[str, Any]:
    """Seal the ledger of the template; return what each person of a brand sees then, and what `verify_ledger` names."""
    with worlds.frozen(), worlds.working_in(worlds.template, worlds.folder / "template"):
        for moment in upgrades.SEALED:
            worlds.at(moment, "seal")
            seal_new_rows()
        scene = worlds.scene()
        worlds.at(upgrades.ASKED, "ask")
        with undone():
            brands = {persona: seen_by(scene, persona) for persona in upgrades.PERSONAS}
        return {"brands": brands, "ledger": [str(problem) for problem in verify_ledger().problems]}


@contextmanager
def undone() -> Iterator[None]:
    """Undo what reading writes (who saw what), so that it is asked once more when the database is restored."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def seen_by(scene: Scene, persona: str) -> dict[str, Any]:
    """Return the person's e-mail address and the answers to all that they may ask about assessments and grants."""
    client, person = Client(), scene.world.person(persona)
    DRAWS.begin(persona)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return {"email": person.email, "answers": {path: upgrades.answer(client, path) for path in paths(scene)}}


def paths(scene: Scene) -> Iterator[str]:
    """Yield the addresses that are asked: lists, each assessment, its findings in each scope, each grant."""
    for name in LISTS:
        yield reverse(f"api:{name}")
    for assessment in scene.world.assessments.values():
        yield reverse("api:assessment", args=[assessment.pk])
        for scope in Scope.values:
            yield f"{reverse('api:findings', args=[assessment.pk])}?scope={scope}&language=en"
    for grant in (scene.grant, scene.pending, scene.paper):
        yield reverse("api:grant", args=[grant.pk])


def settle(database: str) -> None:
    """Take out what says when and in which processes the database was made."""
    connection = connections["owner"]
    connection.close()
    connection.settings_dict["NAME"], name = database, connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET applied = %s", [BEGINNING])
        cursor.execute("DELETE FROM core_heartbeat")
    connection.close()
    connection.settings_dict["NAME"] = name


def dumped(database: str) -> bytes:
    """Return the database as plain SQL that any PostgreSQL from 15 on reads, without owners, rights and clocks."""
    settle(database)
    server = connections["owner"].settings_dict
    names = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}
    address = {variable: str(server[name]) for name, variable in names.items() if server[name]}
    command = [
        os.environ.get("PG_DUMP", "pg_dump"), "--no-owner", "--no-privileges", "--no-unlogged-table-data",
        "--rows-per-insert=200", f"--exclude-schema={SCHEMA}", database,
    ]  # fmt: skip
    done = subprocess.run(command, env=os.environ | address, stdout=subprocess.PIPE, check=True)
    return NOT_KEPT.sub("", done.stdout.decode()).encode()
