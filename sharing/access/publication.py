"""The publication of reports: the states and days of an assessment, as a condition on rows and as a check of one row.

Each question is here twice, once for each direction of the decision; both must give the same answer, at any moment.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from django.db.models import Q

from factories.models import Factory


class ReportState(StrEnum):
    """The states of an assessment that decide who reads it; the layer above has them all (a test compares)."""

    FACTORY_REVIEW = "factory_review"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


OPEN_TO_BRANDS = (ReportState.PUBLISHED, ReportState.SUPERSEDED)
RELEASED_TO_FACTORY = (ReportState.FACTORY_REVIEW, *OPEN_TO_BRANDS)


class Subject(Protocol):
    """The facts about an assessment that the decision needs."""

    pk: UUID
    factory: Factory
    factory_id: int
    cycle: int
    version: int
    state: str
    created_at: datetime
    released_at: datetime | None
    published_at: datetime | None
    superseded_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def first_published_at(self) -> datetime | None:
        """The moment when the report of which this is a version was first published."""


def open_to_brands(at: datetime | None) -> Q:
    """Return the condition that a report is (at a moment: was) published, and not withdrawn."""
    if at is None:
        return Q(state__in=OPEN_TO_BRANDS)
    return (Q(state__in=OPEN_TO_BRANDS) | Q(state=ReportState.WITHDRAWN, withdrawn_at__gt=at)) & Q(published_at__lte=at)


def is_out(subject: Subject, at: datetime | None) -> bool:
    """Return whether `open_to_brands` holds for one row."""
    if subject.published_at is None:
        return False
    return _stands(subject, OPEN_TO_BRANDS, at) and (at is None or subject.published_at <= at)


def released_to_factory(at: datetime | None) -> Q:
    """Return the condition that it is (at a moment: was) released to the factory, and not withdrawn or taken back."""
    if at is None:
        return Q(state__in=RELEASED_TO_FACTORY)
    there = Q(released_at__lte=at) | Q(released_at=None, published_at__lte=at)
    return (Q(state__in=RELEASED_TO_FACTORY) | Q(state=ReportState.WITHDRAWN, withdrawn_at__gt=at)) & there


def is_released(subject: Subject, at: datetime | None) -> bool:
    """Return whether `released_to_factory` holds for one row."""
    if not _stands(subject, RELEASED_TO_FACTORY, at):
        return False
    since = subject.released_at or subject.published_at
    return at is None or (since is not None and since <= at)


def begun(at: datetime | None) -> Q:
    """Return the condition that it is (at a moment: was) on the portal at all."""
    return Q() if at is None else Q(created_at__lte=at) | Q(released_at__lte=at) | Q(published_at__lte=at)


def is_begun(subject: Subject, at: datetime | None) -> bool:
    """Return whether `begun` holds for one row."""
    known = (subject.created_at, subject.released_at, subject.published_at)
    return at is None or any(since is not None and since <= at for since in known)


def _stands(subject: Subject, states: Sequence[str], at: datetime | None) -> bool:
    then_withdrawn = subject.state == ReportState.WITHDRAWN and subject.withdrawn_at is not None
    return subject.state in states or (at is not None and then_withdrawn and (subject.withdrawn_at or at) > at)
