"""Who reads reports."""

import pytest


@pytest.fixture
def report_grant(world):
    return world.grant()


@pytest.fixture
def reader(world, report_grant):
    """A member of brand A, which factory A granted its reports."""
    return world.person("brand_a_member")
