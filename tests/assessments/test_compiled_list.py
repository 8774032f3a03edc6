"""The statements of "Shared with us" that are prepared once return what the querysets return."""

import pytest

from assessments.reading.listing import LISTED
from tests.world import World

EARLIEST_FIRST = [name.removeprefix("-") for name in LISTED]


@pytest.fixture
def shared(world: World) -> World:
    """Eight reports of two factories open to brand A, in another order than they were made; one withheld."""
    for scope in ("report", "step1"):
        world.grant(scope=scope)
    return world
