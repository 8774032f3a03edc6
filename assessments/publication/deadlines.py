"""The days that a country gives a factory to review a report before it is published (R54).

The rule is here twice, side by side: for one report in Python, and as a condition on rows in SQL.
`tests/assessments/test_days.py` checks that the two forms give the same answers.
"""

from datetime import date, datetime, timedelta
from typing import Protocol

from django.db.models import Q

from factories.models import CountryProgramme, Factory
from factories.time_zones import start_of_day_there
from portal.core.days import day_of, today


class Reviewed(Protocol):
    """An assessment: when it was sent to its factory, if it was."""

    @property
    def released_at(self) -> datetime | None:
        """The moment at which its factory's review began."""

    @property
    def factory(self) -> Factory:
        """The factory, with its programme."""


def review_end(assessment: Reviewed) -> date | None:
    """Return the last day that the country gives the factory to review the report; None if it was not sent."""
    if assessment.released_at is None:
        return None
    factory = assessment.factory
    return day_of(assessment.released_at, factory) + timedelta(days=factory.programme.factory_review_days)


def has_review_ended(assessment: Reviewed) -> bool:
    """Return whether the factory had its days of review: the last of them has passed, or its country gives none."""
    ends, days = review_end(assessment), assessment.factory.programme.factory_review_days
    return ends is not None and (days == 0 or ends < today(assessment.factory))


def review_has_ended() -> Q:
    """Return `has_review_ended` as a condition on assessments.

    A report was sent to its factory before the day whose reviews end today there. Countries have few different numbers.
    """
    field = "factory__programme__factory_review_days"
    over = Q((field, 0))
    numbers = CountryProgramme.objects.order_by("factory_review_days").values_list("factory_review_days", flat=True)
    for days in numbers.distinct():
        over |= Q((field, days), released_at__lt=start_of_day_there("factory__", days))
    return Q(over, released_at__isnull=False)
