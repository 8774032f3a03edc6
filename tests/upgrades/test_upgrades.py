"""The database of every released version comes to the current one with nothing lost (tests/upgrades)."""

import gzip
import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client, override_settings

from portal.accounts.models import User
from portal.ledger.models import LedgerDay, LedgerSeal
from portal.ledger.sources import sources
from portal.ledger.verifying import DAYS, SEALS, verify_ledger
from tests import upgrades
from tests.upgrades.schema import row_counts, schema
from tests.worlds.databases import Worlds

RELEASED = sorted(path.name for path in upgrades.FOLDER.iterdir() if (path / "database.sql.gz").exists())
# `migrate` itself writes here: what is applied, and which models and permissions there are.
WRITTEN_BY_MIGRATE = {"django_migrations", "django_content_type", "auth_permission"}


@dataclass
class Upgraded:
    """A restored and migrated database, its files, its rows before and after `migrate`, and what was seen then."""

    worlds: Worlds
    name: str
    files: Path
    restored: dict[str, int]
    migrated: dict[str, int]
    seen: dict[str, Any]


@pytest.fixture(scope="module", params=RELEASED)
def upgraded(
    request: pytest.FixtureRequest, empty_database: str, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Upgraded]:
    """The database of a version, restored into an empty one and migrated as an operator does."""
    source, files = upgrades.FOLDER / request.param, tmp_path_factory.mktemp("upgraded")
    worlds, name = Worlds(empty_database, files), f"{empty_database}_upgraded"
    if (source / "files").is_dir():
        shutil.copytree(source / "files", files, dirs_exist_ok=True)
    with django_db_blocker.unblock():
        for_all_databases(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            with worlds.working_in(name, files):
                restore(gzip.decompress((source / "database.sql.gz").read_bytes()).decode())
                before = row_counts()
                call_command("migrate", database="owner", verbosity=0, interactive=False)
                after = row_counts()
            yield Upgraded(worlds, name, files, before, after, json.loads((source / "seen.json").read_text()))
        finally:
            for_all_databases(f'DROP DATABASE "{name}"')


def for_all_databases(*statements: str) -> None:
    """Execute statements as the owner, beside all databases."""
    for alias in ("default", "owner"):
        connections[alias].close()
    for statement in statements:
        with connections["owner"]._nodb_cursor() as cursor:
            cursor.execute(statement)


def restore(text: str) -> None:
    """Execute plain SQL as the owner, in a session of its own: it changes settings."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(text)
    connections["owner"].close()


@pytest.fixture
def inside(upgraded: Upgraded, django_db_blocker: Any) -> Iterator[Upgraded]:
    """The same, worked in with the keys that its version had."""
    keys = [("private", upgrades.SIGNING_SEED)]
    with (
        django_db_blocker.unblock(),
        override_settings(SECRET_KEY=upgrades.SECRET_KEY, SIGNING_KEYS=keys),
        upgraded.worlds.working_in(upgraded.name, upgraded.files),
    ):
        yield upgraded


def test_this_version_has_its_database() -> None:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project["version"] in RELEASED, "./dev release writes it"
    sizes = {name: sum(file.stat().st_size for file in (upgrades.FOLDER / name).rglob("*")) for name in RELEASED}
    assert [name for name, size in sizes.items() if size > 300 * 1024] == []


def test_the_schema_is_that_of_a_new_installation(inside: Upgraded, empty_database: str) -> None:
    found = schema()
    with inside.worlds.working_in(empty_database, inside.files):
        new = schema()
    assert {name: sorted({*found[name]} ^ {*new[name]}) for name in new if {*found[name]} != {*new[name]}} == {}
    assert len(found["tables"]) > 100
    assert len(found["rights of the app role"]) > 100


def test_no_row_is_lost_or_added(upgraded: Upgraded) -> None:
    counted = upgraded.migrated
    kept = {name: count for name, count in upgraded.restored.items() if name not in WRITTEN_BY_MIGRATE}
    assert {name: counted.get(name) for name in kept} == kept
    assert sum(kept.values()) > 300


def test_the_ledger_verifies(inside: Upgraded, tmp_path: Path) -> None:
    """Everything is as it was sealed. The stage makes some rows without their events: they are named as before."""
    with override_settings(STATE_DIR=tmp_path):
        verdict = verify_ledger()
    assert [str(problem) for problem in verdict.problems] == inside.seen["ledger"]
    sealed = {source.table for source in sources()} | {LedgerSeal._meta.db_table, LedgerDay._meta.db_table, SEALS, DAYS}
    assert [problem for problem in verdict.problems if problem.source in sealed] == []
    assert verdict.seals == LedgerSeal.objects.count() >= 2
    assert verdict.rows > 10


@pytest.mark.parametrize("persona", upgrades.PERSONAS)
def test_a_brand_sees_what_it_saw(inside: Upgraded, persona: str) -> None:
    then, client = upgrades.renamed(inside.seen["brands"][persona]), Client()
    with inside.worlds.frozen():
        inside.worlds.show(inside.name, upgrades.ASKED)
        client.force_login(
            User.objects.get(email=then["email"]), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        now = {path: upgrades.answer(client, path) for path in then["answers"]}
    assert upgrades.lost(then["answers"], now) == []


def test_what_brands_saw_is_worth_comparing(upgraded: Upgraded) -> None:
    for side in ("brand_a_member", "brand_b_member"):
        answers = upgraded.seen["brands"][side]["answers"]
        assert {200, 404} <= {answer["status"] for answer in answers.values()}, side
    then = upgraded.seen["brands"]["brand_a_member"]["answers"]
    changed = json.loads(json.dumps(then))
    changed["/api/v1/shared/"]["said"]["results"].pop()
    assert upgrades.lost(then, changed) != []
