"""A ledger to tamper with."""

import pytest

from portal.ledger.sealing import seal_new_rows
from tests.tampering import days_pass, happen, problems


@pytest.fixture
def sealed(transactional_db: None, everything_settles: None) -> list[int]:
    """Six events, sealed two by two, and settled, on a day that is over; their ids."""
    ids = []
    for _ in range(3):
        ids += happen(2)
        seal_new_rows()
    days_pass()
    assert problems() == []
    return ids
