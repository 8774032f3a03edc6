"""The world as the ledger knows it, and what is asked of a decision in every direction."""

import pytest

from portal.ledger.sealing import seal_new_rows
from tests.tampering import tell_world
from tests.world import World, build_world


@pytest.fixture
def told(transactional_db: None, everything_settles: None) -> World:
    """The world with the events of its members and publications, sealed."""
    made = build_world()
    tell_world()
    seal_new_rows(begins_with_history=True)
    return made
