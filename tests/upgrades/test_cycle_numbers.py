"""Grants and requests that named one cycle, or a first one, do so in a list (decision 56), those that ended too.

The grants were made in the minutes before: what was used of them is not known.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, InternalError, ProgrammingError, connections, transaction

from sharing.models import AccessRequest, FirstUse, SharingGrant, Visibility
from sharing.visibility import comparing as visibility_index
from tests import upgrades
from tests.upgrades.test_upgrades import for_all_databases, restore
from tests.worlds.databases import Worlds

BEFORE = upgrades.FOLDER / "0.8.0" / "database.sql.gz"
# Rows as services left them, made of one that there is: what ended and what was answered may never be written again.
GRANT = """
    CREATE TEMPORARY TABLE made AS SELECT * FROM sharing_sharinggrant WHERE cycles = 'all' AND scope = 'report' LIMIT 1;
    UPDATE made SET id = gen_random_uuid(), cycles = %(cycles)s, cycle_number = %(number)s, purpose = %(purpose)s,
        replaces_id = NULL, follows_id = NULL, created_at = now(), ended_at = CASE WHEN %(over)s THEN now() END,
        ended_by_id = CASE WHEN %(over)s THEN granted_by_id END,
        end_code = CASE WHEN %(over)s THEN 'changed' ELSE '' END,
        brand_id = CASE WHEN %(over)s THEN brand_id ELSE (
            SELECT id FROM brands_brand b WHERE NOT EXISTS (
                SELECT FROM sharing_sharinggrant g
                WHERE g.ended_at IS NULL
                    AND (g.brand_id, g.factory_id, g.scope) = (b.id, made.factory_id, made.scope)
            ) LIMIT 1
        ) END;
    INSERT INTO sharing_sharinggrant SELECT * FROM made;
    DROP TABLE made
"""
REQUEST = """
    CREATE TEMPORARY TABLE made AS SELECT * FROM sharing_accessrequest LIMIT 1;
    UPDATE made SET id = gen_random_uuid(), cycles = %(cycles)s, cycle_number = %(number)s, purpose = %(purpose)s,
        state = 'withdrawn', answered_at = created_at, answered_by_id = asked_by_id, decline_reason = '';
    INSERT INTO sharing_accessrequest SELECT * FROM made;
    DROP TABLE made
"""
ROWS = [("from", 2, True), ("only", 1, True), ("only", 2, False)]


@pytest.fixture(scope="module")
def carried(empty_database: str, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[tuple[Worlds, str, Path]]:
    """A database of 0.8.0 with such rows, migrated."""
    files = tmp_path_factory.mktemp("carried")
    worlds, name = Worlds(empty_database, files), f"{empty_database}_carried"
    with django_db_blocker.unblock():
        for_all_databases(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}" TEMPLATE template0')
        try:
            with worlds.working_in(name, files):
                restore(gzip.decompress(BEFORE.read_bytes()).decode())
                with connections["owner"].cursor() as cursor:
                    for cycles, number, over in ROWS:
                        values = {"cycles": cycles, "number": number, "over": over, "purpose": f"{cycles} {number}"}
                        for statement in (GRANT, REQUEST):
                            for part in statement.split(";\n"):
                                cursor.execute(part, values)
                call_command("migrate", database="owner", verbosity=0, interactive=False)
            yield worlds, name, files
        finally:
            for_all_databases(f'DROP DATABASE "{name}"')


@pytest.fixture
def inside(carried: tuple[Worlds, str, Path], django_db_blocker: Any) -> Iterator[None]:
    """The same, worked in."""
    worlds, name, files = carried
    with django_db_blocker.unblock(), worlds.working_in(name, files):
        yield


@pytest.mark.usefixtures("inside")
def test_each_row_names_the_cycles_that_it_named() -> None:
    for model in (SharingGrant, AccessRequest):
        made = model._default_manager.filter(purpose__in=[f"{cycles} {number}" for cycles, number, _over in ROWS])
        found = {(one.cycles, *one.cycle_numbers, one.purpose) for one in made}
        assert found == {(cycles, number, f"{cycles} {number}") for cycles, number, _over in ROWS}, model
        others = model._default_manager.exclude(pk__in=made)
        assert {tuple(one.cycle_numbers) for one in others} == {()}, model


@pytest.mark.usefixtures("inside")
def test_reports_are_open_to_whom_they_were_and_the_terms_are_still_final() -> None:
    grant = SharingGrant.objects.get(cycles="only", ended_at=None)
    assert [row.report.cycle for row in Visibility.objects.filter(grant=grant)] == [2]
    assert visibility_index.compare() == (0, 0)
    for model in (SharingGrant, AccessRequest):
        with pytest.raises((IntegrityError, InternalError, ProgrammingError)), transaction.atomic():
            model._default_manager.filter(cycles="only").update(cycle_numbers=[1, 2])


@pytest.mark.usefixtures("inside")
def test_what_the_brand_may_have_used_before_the_upgrade_is_not_undone() -> None:
    """Nobody recorded whether it did; older grants can no longer be undone anyway."""
    made = SharingGrant.objects.filter(purpose__in=[f"{cycles} {number}" for cycles, number, _over in ROWS])
    assert set(FirstUse.objects.values_list("grant", flat=True)) == set(made.values_list("pk", flat=True))
    assert len(made) == len(ROWS) < SharingGrant.objects.count()
