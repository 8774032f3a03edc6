"""Tests that a whole ordinary run does by turns: each third one, with other seeds the others.

They are about the tools around the portal, which change seldom, and start servers for seconds. Whoever names tests,
and `./dev test --long`, gets all of them.
"""

from collections.abc import Sequence
from zlib import crc32

import pytest

from tests.amounts import IS_LONG

TURNS = 3


def those_whose_turn_it_is(config: pytest.Config, items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests to run; the others are reported as deselected."""
    if IS_LONG or config.args != config.getini("testpaths"):
        return list(items)
    seed = int(config.getoption("randomly_seed", 0))
    waiting = {item for item in items if item.get_closest_marker("by_turns") and not is_turn_of(item.nodeid, seed)}
    config.hook.pytest_deselected(items=list(waiting))
    return [item for item in items if item not in waiting]


def is_turn_of(name: str, seed: int) -> bool:
    """Return whether a test is done in a run with this seed."""
    return (crc32(name.encode()) + seed) % TURNS == 0
