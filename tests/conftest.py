"""The throw-away database under its two roles, and the world every test shares."""

import gc
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connections, transaction
from django.test import Client, override_settings
from django.test.testcases import TransactionTestCase
from django.utils import timezone, translation
from rest_framework.test import APIClient

import portal.urls  # noqa: F401 - its views register what they serve, before a test looks
from portal.accounts.roles import kinds as organisation_kinds
from portal.core.views import job_pages
from portal.ledger import sealing
from portal.ledger.models import LedgerSeal
from portal.ledger.sources import _registered as ledger_sources
from portal.notices.outbox import notice_kinds
from sharing.grants import undo
from tests import budgets, resuming
from tests.matrix.stage import Stage, beat, build_stage
from tests.order import OneByOneOrTogether, has_real_transactions, put_in_order
from tests.world import World, build_world

# Django and its models are a million objects that live on: looking for rubbish among them took a seventh of the time.
gc.set_threshold(200_000, 50, 1_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="repeat and make up more, for an hour (tests/amounts.py)")
    choices = ["check", "write"]
    parser.addoption("--cpu-budgets", choices=choices, help="compare CPU seconds with tests/budgets.toml, or write it")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("long"):
        os.environ["PORTAL_TEST_LONG"] = "1"  # read by tests/amounts.py, which nothing has imported yet
        if config.args == config.getini("testpaths"):
            resuming.register(config)
    budgets.register(config)


KNOWN = pytest.StashKey[dict[str, dict[str, Any]]]()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneByOneOrTogether:
    return OneByOneOrTogether(config, log)


# Whose answers depend on the server, beside what commits: imports (COPY), jobs, the sealed ledger, the throttle,
# triggers and rights, migrations.
ON_SERVICES = (
    "tests/api/test_errors.py",
    "tests/assessments/test_import_",
    "tests/brands/test_import_suppliers.py",
    "tests/core/test_initial_migration.py",
    "tests/core/test_jobs.py",
    "tests/ledger/test_ledger.py",
    "tests/factories/test_import_factories.py",
    "tests/test_architecture.py",
    "tests/upgrades/",
)


def pytest_collection_finish() -> None:
    """Let the collector pass over what lives as long as the process, so that no test pays for a look at all of it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before tests are chosen by their markers
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark what .ci/run repeats on the services of production; a browser sees the same on any server. Then sort."""
    for item in items:
        if not item.get_closest_marker("e2e") and _depends_on_services(item):
            item.add_marker(pytest.mark.services)
    from tests.turns import those_whose_turn_it_is  # it asks whether the run is long, which is known by now

    done = yield
    items[:] = those_whose_turn_it_is(config, items)
    put_in_order(items)
    return done


def _depends_on_services(item: pytest.Item) -> bool:
    """Return whether the test is listed, commits, asks Redis or starts a worker."""
    marker = item.get_closest_marker("django_db")
    return (
        item.nodeid.startswith(ON_SERVICES)
        or (marker is not None and has_real_transactions(item, marker))
        or any(item.get_closest_marker(name) for name in ("redis", "worker"))
    )


REGISTRIES: dict[str, dict[str, Any]] = {
    "notice kinds": notice_kinds,
    "organisation kinds": organisation_kinds,
    "ledger sources": ledger_sources,
    "job pages": job_pages,
}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Leave the registries of the process to each test as it would find them alone."""
    item.stash[KNOWN] = {name: dict(registry) for name, registry in REGISTRIES.items()}
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around the fixtures' own teardown
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Fail the test that leaves something in a registry, not a later one that stumbles over it.

    The language and the zone of its last request are put away for it: Django does so when the next request comes.
    """
    done = yield
    translation.deactivate()  # what the last request of a person chose
    timezone.deactivate()
    for name, before in item.stash[KNOWN].items():
        after = dict(REGISTRIES[name])
        if after != before:
            REGISTRIES[name].clear()
            REGISTRIES[name].update(before)
            pytest.fail(f"This test changed the {name}: {sorted(before.keys() ^ after.keys()) or 'same keys'}")
    return done


@pytest.fixture(scope="session")
def empty_database(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[str]:
    """Create the test database as its owner and let everything else work in it as the app role; its name."""
    keep = request.config.getvalue("reuse_db") and not request.config.getvalue("create_db")
    worker = getattr(request.config, "workerinput", {}).get("workerid", "")
    owner, app = connections["owner"], connections["default"]
    if worker:
        owner.settings_dict["TEST"]["NAME"] = f"{settings.DATABASES['owner']['TEST']['NAME']}_{worker}"
    real_name = owner.settings_dict["NAME"]
    with django_db_blocker.unblock():
        owner.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=keep, serialize=False)
        app.close()
        app.settings_dict["NAME"] = owner.settings_dict["NAME"]
        settings.DATABASES["default"]["NAME"] = settings.DATABASES["owner"]["NAME"] = owner.settings_dict["NAME"]
    name: str = owner.settings_dict["NAME"]
    yield name
    with django_db_blocker.unblock():
        work_in(name)
        app.close()
        if not request.config.getvalue("reuse_db"):
            _end_other_sessions(app)
            _end_other_sessions(owner)
            owner.creation.destroy_test_db(real_name, verbosity=0)


@dataclass(frozen=True)
class Inhabited:
    """A database with the world or the stage in it: its name, and what is in it, pickled."""

    database: str
    inside: bytes


@contextmanager
def _inhabited(empty: str, name: str, blocker: Any, build: Callable[[], Any]) -> Iterator[Inhabited]:
    """Make a copy of the empty database in which `build` has made what it makes; drop it afterwards."""
    owner, drop = connections["owner"], f'DROP DATABASE IF EXISTS "{name}"'
    with blocker.unblock():
        work_in(empty)
        _end_other_sessions(connections["default"])
        _end_other_sessions(owner)
        with owner._nodb_cursor() as cursor:
            cursor.execute(drop)
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{empty}"')
        work_in(name)
        with patch.object(transaction, "on_commit"):  # no job begins, no mail is sent: as in a test
            inside = pickle.dumps(build())
    yield Inhabited(name, inside)
    with blocker.unblock():
        work_in(empty)
        with owner._nodb_cursor() as cursor:
            cursor.execute(drop)


@pytest.fixture(scope="session")
def inhabited_database(empty_database: str, django_db_blocker: Any) -> Iterator[Inhabited]:
    """A copy of the test database in which the world is already, for the many tests that begin with it."""
    with _inhabited(empty_database, f"{empty_database}_world", django_db_blocker, build_world) as made:
        yield made


@pytest.fixture(scope="session")
def staged_database(
    empty_database: str, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Inhabited, Path]]:
    """The same with the stage of the access matrix, and where the files on it are."""
    files, name = tmp_path_factory.mktemp("stage"), f"{empty_database}_stage"
    given: Any = settings.STORAGES
    kept = {**given, "private": {**given["private"]}}
    kept["private"]["OPTIONS"] = {**kept["private"]["OPTIONS"], "location": files}

    def build() -> Stage:
        with override_settings(STORAGES=kept):
            return build_stage()

    with _inhabited(empty_database, name, django_db_blocker, build) as made:
        yield made, files


def work_in(database: str) -> None:
    """Let both roles work in this database from now on."""
    for connection in (connections["default"], connections["owner"]):
        if connection.settings_dict["NAME"] != database:
            connection.close()
            connection.settings_dict["NAME"] = database


@pytest.fixture
def django_db_setup(request: pytest.FixtureRequest, empty_database: str) -> None:
    """Before a test's transaction begins: the empty database, or the one in which its world or stage is already.

    Tests with real transactions build their world themselves, for nothing undoes what they do to it but emptying.
    """
    if "stage" in request.fixturenames:
        work_in(request.getfixturevalue("staged_database")[0].database)
    else:
        work_in(request.getfixturevalue("inhabited_database").database if _finds_its_world(request) else empty_database)


def _finds_its_world(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db") or pytest.mark.django_db.mark
    return "world" in request.fixturenames and not has_real_transactions(request.node, marker)


def _end_other_sessions(connection: Any) -> None:
    """End what threads and killed workers left open; each of the two roles may end the sessions of its own."""
    connection.close()  # a test may have ended it on the server's side
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
    connection.close()


KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}
FIRED_BY_DELETE = """
    SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND tgtype & 8 <> 0 AND relname = ANY (%s)
"""


def _empty_tables(test: TransactionTestCase) -> None:
    """After a test with real transactions: the app role may not delete everywhere, so the owner does.

    Only what was filled is emptied, and by DELETE: to truncate all tables makes new files of all of them, which a
    server that writes through to its disk takes seconds for. The connection is kept: the next test's tables are known.
    """
    connection = connections["owner"]
    tables = [name for name in connection.introspection.table_names() if name not in KEPT_TABLES]
    with transaction.atomic(using="owner"), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for name in tables))
        filled = [name for (name,) in cursor.fetchall()]
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(FIRED_BY_DELETE, [filled])
        guarded = [name for (name,) in cursor.fetchall()]
        for name in guarded:
            cursor.execute(f'ALTER TABLE "{name}" DISABLE TRIGGER USER')  # some refuse every DELETE
        for name in filled:
            cursor.execute(f'DELETE FROM "{name}"')
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in guarded:
            cursor.execute(f'ALTER TABLE "{name}" ENABLE TRIGGER USER')


@pytest.fixture(autouse=True, scope="session")
def _owner_empties_tables() -> None:
    setattr(TransactionTestCase, "_fixture_teardown", _empty_tables)  # noqa: B010 - private in the stubs


@pytest.fixture(autouse=True)
def _private_files(settings: Any, tmp_path: Any) -> None:
    """Files of tests go to a folder of the test."""
    settings.STATE_DIR = tmp_path
    options = {**settings.STORAGES["private"]["OPTIONS"], "location": tmp_path / "private"}
    settings.STORAGES = {**settings.STORAGES, "private": {**settings.STORAGES["private"], "OPTIONS": options}}
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }


@pytest.fixture
def everything_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a minute passed after each seal of the ledger and nobody else used the server."""
    monkeypatch.setattr(sealing, "_settled", lambda: LedgerSeal.objects.order_by("-number").first())


@pytest.fixture
def world(request: pytest.FixtureRequest, db: None) -> World:
    """Two factories, two brands, staff of two countries, a constituent, an outsider, an inactive account."""
    if not _finds_its_world(request):
        return build_world()
    found: World = pickle.loads(request.getfixturevalue("inhabited_database").inside)
    return found


@pytest.fixture
def stage(staged_database: tuple[Inhabited, Path], db: None) -> Stage:
    """The world and one of everything that an address can name, with its files."""
    made, files = staged_database
    copytree(files, storages["private"].location, dirs_exist_ok=True)
    beat()
    found: Stage = pickle.loads(made.inside)
    return found


@pytest.fixture
def client_of() -> Callable[[Any], Client]:
    """A browser signed in as the given person (None: nobody)."""

    def make(user: Any) -> Client:
        client = Client(raise_request_exception=True)
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def api_of() -> Callable[[Any], APIClient]:
    """An API client signed in as the given person (None: nobody)."""

    def make(user: Any) -> APIClient:
        client = APIClient()
        if user is not None:
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def run_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run at once, in this process, as soon as the code under test would have nudged a worker."""
    from portal.core import jobs

    monkeypatch.setattr(jobs, "nudge", jobs.run)
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, **_: call())


@pytest.fixture
def decisions_are_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for the minutes in which a decision can be undone."""
    monkeypatch.setattr(undo, "UNDO_TIME", timedelta(0))
    monkeypatch.setattr(undo, "WATCHED_LONGER", timedelta(0))
