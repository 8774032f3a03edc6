"""The time zone of a factory (R54): the country's main one, or the factory's own if the country has several."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Value, When
from django.utils.translation import gettext as _

from portal.core.compiled import AnyField
from portal.core.countries import COUNTRIES
from portal.core.days import (
    UTC_DAYS,
    Zone,
    by_start,
    by_today,
    start_of,
    today,
    zone_in_words,
    zone_named,
    zones_of_country,
)

Day = TypeVar("Day", bound=date)  # or the moment at which it starts


class FactoryZoneField(models.CharField):  # type: ignore[type-arg]
    """The name of a time zone. A factory without one is saved with its country's."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        """Return the zone to store."""
        name = model_instance.zone_name
        setattr(model_instance, self.attname, name)
        return name


def check_zone(name: str, country: str) -> None:
    """Raise `ValidationError` for a zone that a factory's country does not have."""
    if name not in zones_of_country(country):
        raise ValidationError({"time_zone": _("Choose a time zone of the factory's country.")})


def zone_choices(country: str) -> list[tuple[str, str]]:
    """Return the zones that a country's factories may have, the main one first, each with its difference from UTC."""
    names = zones_of_country(country)
    return [(name, zone_in_words(Zone(zone_named(name)))) for name in names]


@cache
def every_zone() -> tuple[str, ...]:
    """Return the names of the zones of all countries that can have a programme."""
    return tuple(name for country in COUNTRIES for name in zones_of_country(country))


def _by_zone(path: str, values: Mapping[Day, list[str]], usual: Day, field: AnyField) -> Case:
    whens = [When(**{f"{path}time_zone__in": names}, then=Value(one)) for one, names in values.items() if one != usual]
    return Case(*whens, default=Value(usual), output_field=field)


def today_there(path: str) -> Case:
    """Return an expression for today's date at a row's factory; `path` leads to it, such as "factory__"."""
    return _by_zone(path, by_today(every_zone()), today(UTC_DAYS), models.DateField())


def start_there(path: str, day: date) -> Case:
    """Return an expression for the first moment of a day at a row's factory; `path` leads to it."""
    return _by_zone(path, by_start(every_zone(), day), start_of(day, UTC_DAYS), models.DateTimeField())


def start_of_day_there(path: str, days_ago: int) -> Case:
    """Return an expression for the start of the day `days_ago` days ago at a row's factory; `path` leads to it.

    Days are counted, not hours: the clocks may have changed in between.
    """
    ago = timedelta(days=days_ago)
    starts: dict[datetime, list[str]] = {}
    for day, names in by_today(every_zone()).items():
        for start, there in by_start(names, day - ago).items():
            starts.setdefault(start, []).extend(there)
    return _by_zone(path, starts, start_of(today(UTC_DAYS) - ago, UTC_DAYS), models.DateTimeField())
