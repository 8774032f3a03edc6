"""The benchmarks fit the tables of today: nobody runs them until a figure is wanted."""

import pytest
from django.db import connections

from benchmarks import _past, _shape
from benchmarks.pages import links_of


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_programme_of_a_given_shape_fits_the_tables() -> None:
    numbers = {"first": 1, "factories": 2, "brands": 9, "by": 1}
    with connections["owner"].cursor() as cursor:
        for statement in (*_shape._statements(), *_past._statements()):
            cursor.execute(f"EXPLAIN {statement}", numbers)
            assert "Insert on" in cursor.fetchone()[0]


def test_links_are_followed_on_this_site_and_never_out_of_the_session() -> None:
    page = (
        '<a href="?cursor=a&amp;q=b">1</a> <a class="x" href="/shared/">2</a> <a href="https://elsewhere.example/">3</a>'
        ' <a href="/accounts/logout/">4</a> <a href="mailto:a@example.org">5</a> <a href="#part">6</a>'
    )
    assert list(links_of("/board/", page)) == ["/board/?cursor=a&q=b", "/shared/", "/board/"]
