"""What is done by turns is done by all seeds together."""

from tests.turns import TURNS, is_turn_of


def test_with_one_seed_or_another_each_test_has_its_turn() -> None:
    names = [f"tests/dev/test_up.py::test_{number}" for number in range(50)]
    for name in names:
        assert [is_turn_of(name, seed) for seed in range(TURNS)].count(True) == 1
    assert any(is_turn_of(name, 0) for name in names)
