"""The benchmarks fit the tables of today: nobody runs them until a figure is wanted."""

import pytest
from django.db import connections

from benchmarks import _shape


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_programme_of_a_given_shape_fits_the_tables() -> None:
    numbers = {"first": 1, "factories": 2, "brands": 9, "by": 1}
    with connections["owner"].cursor() as cursor:
        for statement in _shape._statements():
            cursor.execute(f"EXPLAIN {statement}", numbers)
            assert "Insert on" in cursor.fetchone()[0]
