"""Dates of a factory's enrolment: which are possible, and in which order."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.core.tables.dates import refuse_implausible


def wrong_days(enrolled_on: date | None, left_on: date | None) -> dict[str, ValidationError]:
    """Return what is wrong with the days, by column: an implausible year, or leaving before joining."""
    wrong: dict[str, ValidationError] = {}
    for name, day in (("enrolled_on", enrolled_on), ("left_on", left_on)):
        try:
            if day is not None:
                refuse_implausible(day)
        except ValidationError as error:
            wrong[name] = error
    if not wrong and enrolled_on and left_on and left_on < enrolled_on:
        wrong["left_on"] = ValidationError(
            _("The day of leaving must not be before the day of enrolment."), "left_first"
        )
    return wrong
