"""Passing on that a decision about consent may have moved the day on which a report opens to a brand.

This layer knows grants and what is kept back, the one above knows the reports: it says here what is to follow.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from brands.models import Brand
from sharing.access import ASSESSMENT_SCOPES
from sharing.models import SharingGrant

# (factory, brand, before): what the brand could read at `before` is the last that held before the decision; without
# it the brand is told of the decision itself, and what that opens at once is no news of its own.
Follower = Callable[[int, Brand, datetime | None], None]
JUST_BEFORE = timedelta(microseconds=1)
_followers: list[Follower] = []


def follow_openings(follower: Follower) -> None:
    """Say what follows."""
    _followers[:] = [follower]


def grant_may_open(grant: SharingGrant) -> None:
    """A grant took effect: anew, or in place of another one that it lengthens, shortens or moves."""
    if grant.scope not in ASSESSMENT_SCOPES:
        return
    replaced = None if grant.needs_confirmation else grant.last_given()
    before = replaced.ended_at - JUST_BEFORE if replaced is not None and replaced.ended_at is not None else None
    _pass_on(grant.factory_id, grant.brand, before)


def report_may_open(*, factory_id: int, brand: Brand, released_at: datetime) -> None:
    """A report that was kept back was let go."""
    _pass_on(factory_id, brand, released_at - JUST_BEFORE)


def _pass_on(factory_id: int, brand: Brand, before: datetime | None) -> None:
    for follower in _followers:
        follower(factory_id, brand, before)
