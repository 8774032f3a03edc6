"""Passing on that a decision about consent may have moved the day on which a report opens to a brand.

This layer knows grants and what is kept back, the one above knows the reports: it says here what is to follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sharing.access import ASSESSMENT_SCOPES
from sharing.access.positions import Position
from sharing.models import SharingGrant


@dataclass(frozen=True)
class Before:
    """Where the brand stood before a decision, and the last moment at which that held."""

    position: Position
    at: datetime


# What the brand can read after a decision, and what before; without the latter the brand is told of the decision
# itself, and what that opens at once is no news of its own.
Follower = Callable[[Position, Before | None], None]
JUST_BEFORE = timedelta(microseconds=1)
_followers: list[Follower] = []


def follow_openings(follower: Follower) -> None:
    """Say what follows."""
    _followers.append(follower)


def grant_may_open(grant: SharingGrant, position: Position) -> None:
    """A grant took effect: anew, or in place of another one that it lengthens, shortens or moves."""
    if grant.scope not in ASSESSMENT_SCOPES:
        return
    replaced = None if grant.needs_confirmation else grant.replaces
    ended_at = replaced.ended_at if replaced is not None else None
    _pass_on(position, Before(position, ended_at - JUST_BEFORE) if ended_at is not None else None)


def report_may_open(before: Position, after: Position, *, released_at: datetime) -> None:
    """A report that was kept back was let go."""
    _pass_on(after, Before(before, released_at - JUST_BEFORE))


def _pass_on(after: Position, before: Before | None) -> None:
    for follower in _followers:
        follower(after, before)
