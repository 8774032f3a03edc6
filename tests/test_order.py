"""The tests run in the order of tests/order.py, whatever the seed."""

import pytest

from tests.order import _dear_files, _file_of, _place_of


def test_what_takes_long_is_first_and_then_come_the_databases_one_after_the_other(
    request: pytest.FixtureRequest,
) -> None:
    items = request.session.items
    dear = _dear_files(items)
    costs = [dear.get(_file_of(item), 0.0) for item in items]
    assert costs == sorted(costs, reverse=True)
    places = [_place_of(item) for item in items if _file_of(item) not in dear]
    assert places == sorted(places)


@pytest.mark.django_db
@pytest.mark.usefixtures("world")
def test_a_test_of_the_world_is_told_from_one_without_a_database(request: pytest.FixtureRequest) -> None:
    kinds = {item.name: _place_of(item) for item in request.session.items if _file_of(item) == "tests/test_order.py"}
    assert kinds[request.node.name] == 1
