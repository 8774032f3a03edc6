"""The statements of "Shared with us" that are prepared once find what the querysets find."""

from typing import Any

import pytest

from assessments.reading.listing import LISTED, SharedRows
from portal.accounts.models import User
from portal.ui.lists import COUNT_LIMIT
from sharing.holds.services import withhold_report
from tests.publishing import correct
from tests.world import World

pytestmark = pytest.mark.django_db
BACKWARDS = [name.removeprefix("-") for name in LISTED]


@pytest.fixture
def shared(world: World) -> World:
    """Reports of two factories, one of them corrected, in both scopes or one; one is held back from brand A."""
    world.grant()
    world.grant(scope="step1", cycles="only", cycle_numbers=[2])
    world.grant(factory=world.factory_b, scope="step1")
    world.grant(world.brand_b)
    correct(world, world.assessments["a2"], q1020="nc")
    withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=1)
    return world


def _shown(rows: list[Any]) -> list[Any]:
    return [
        (row.pk, row.opens_at, sorted(row.open_scopes), row.kept_figures, row.factory.name, row.factory.programme.name)
        for row in rows
    ]


def _by_queryset(person: User) -> SharedRows:
    """The same list as a queryset: narrowed by nothing."""
    return SharedRows(person, lambda rows: rows)


def _values(row: Any, order: list[str]) -> list[Any]:
    return [getattr(row, name.removeprefix("-")) for name in order]


@pytest.mark.parametrize("order", [list(LISTED), BACKWARDS])
def test_every_page_of_everybody_is_the_querysets(shared: World, order: list[str]) -> None:
    longest = 0
    for name in ("brand_a_member", "brand_b_member", "brand_a_manager", "manager_a", "team_leader", "outsider"):
        person = shared.person(name)
        everything = _by_queryset(person)(order, None, 100)
        for values in [None, *(_values(row, order) for row in everything)]:
            for most in (1, 2, 100):
                expected = _by_queryset(person)(order, values, most)
                assert _shown(SharedRows(person)(order, values, most)) == _shown(expected), (name, values, most)
        longest = max(longest, len(everything))
    assert longest >= 2


def test_counts_and_openings_of_everybody_are_the_querysets(shared: World) -> None:
    for name in ("brand_a_member", "brand_b_member", "team_leader"):
        person = shared.person(name)
        prepared, plain = SharedRows(person), _by_queryset(person)
        assert prepared.count() == plain.count() <= COUNT_LIMIT + 1
        assert [prepared.opened(most) for most in (1, 51)] == [plain.opened(most) for most in (1, 51)]


def test_a_statement_prepared_for_one_reader_is_asked_anew_for_the_next(shared: World) -> None:
    """Nothing but the words is kept: not who asked, not what they found."""
    a, b = (SharedRows(shared.person(f"brand_{one}_member"))(LISTED, None, 26) for one in "ab")
    assert {row.pk for row in a} != {row.pk for row in b}
    shared.people["brand_a_member"].groups.clear()
    assert SharedRows(shared.person("brand_a_member"))(LISTED, None, 26) == []
