"""A hook for decisions about consent that may have moved the day on which a report opens to a brand.

This layer knows grants and withheld reports, the one above knows the reports: it registers here what is to follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sharing.access import ASSESSMENT_SCOPES
from sharing.access.positions import Position
from sharing.models import SharingGrant


@dataclass(frozen=True)
class Before:
    """The brand's position before a decision, and the last moment at which it held."""

    position: Position
    at: datetime


# Called with the brand's position after a decision and before it; without the latter the brand is notified of the
# decision itself, and what that opens at once needs no notice of its own.
Follower = Callable[[Position, Before | None], None]
JUST_BEFORE = timedelta(microseconds=1)
_followers: list[Follower] = []


def follow_openings(follower: Follower) -> None:
    """Register what is to follow."""
    _followers.append(follower)


def grant_may_open(grant: SharingGrant, position: Position) -> None:
    """Pass on that a grant took effect: a new one, or one that lengthens, shortens or moves another in its place."""
    if grant.scope not in ASSESSMENT_SCOPES:
        return
    replaced = None if grant.needs_confirmation else grant.known_before
    ended_at = replaced.ended_at if replaced is not None else None
    _pass_on(position, Before(position, ended_at - JUST_BEFORE) if ended_at is not None else None)


def report_may_open(before: Position, after: Position, *, allowed_at: datetime) -> None:
    """Pass on that the factory allowed a withheld report."""
    _pass_on(after, Before(before, allowed_at - JUST_BEFORE))


def _pass_on(after: Position, before: Before | None) -> None:
    for follower in _followers:
        follower(after, before)
