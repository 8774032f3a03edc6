"""R54: days of a place, and the moments at which they begin and end there."""

import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import translation

from portal.core.countries import COUNTRIES
from portal.core.days import (
    UTC_DAYS,
    Zone,
    by_today,
    day_of,
    days_since,
    end_of,
    exact_end_in_words,
    is_start_of_day,
    last_day,
    last_day_in_words,
    last_today,
    moment_at,
    moment_in_words,
    start_of,
    today,
    written,
    zone_in_words,
    zone_named,
    zone_of_country,
    zones_of_country,
)
from portal.ui.templatetags.portal import day as shown_day
from portal.ui.templatetags.portal import plain_day

JAYAPURA, MANAGUA, CAIRO = (Zone(zone_named(name)) for name in ("Asia/Jayapura", "America/Managua", "Africa/Cairo"))
REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_r54_every_country_has_a_zone_and_some_have_several() -> None:
    for country in COUNTRIES:
        assert zone_of_country(country) != "UTC", country
        assert all(zone_named(name) for name in zones_of_country(country))
    assert zone_of_country("KH") == "Asia/Phnom_Penh"
    assert zones_of_country("ID") == ("Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura")
    assert zones_of_country("CD") == ("Africa/Kinshasa", "Africa/Lubumbashi")
    assert zones_of_country("") == ("UTC",)


def test_r54_it_is_another_day_in_jayapura_than_in_managua() -> None:
    with time_machine.travel(at("2026-11-30T16:30")):
        assert (today(JAYAPURA), today(UTC_DAYS), today(MANAGUA)) == (
            date(2026, 12, 1),
            date(2026, 11, 30),
            date(2026, 11, 30),
        )
        assert last_today() == date(2026, 12, 1)
    with time_machine.travel(at("2026-12-01T05:30")):
        assert (today(JAYAPURA), today(MANAGUA)) == (date(2026, 12, 1), date(2026, 11, 30))
        assert by_today(["Asia/Jayapura", "America/Managua", "Asia/Phnom_Penh"]) == {
            date(2026, 11, 30): ["America/Managua"],
            date(2026, 12, 1): ["Asia/Jayapura", "Asia/Phnom_Penh"],
        }


@pytest.mark.parametrize(
    ("day", "begins", "hours"),
    [
        (date(2026, 4, 23), "2026-04-22T22:00", 24),
        (date(2026, 4, 24), "2026-04-23T22:00", 23),  # no midnight: clocks go from 00:00 to 01:00
        (date(2026, 4, 25), "2026-04-24T21:00", 24),
        (date(2026, 10, 29), "2026-10-28T21:00", 25),  # at its end clocks go from 24:00 back to 23:00
        (date(2026, 10, 30), "2026-10-29T22:00", 24),
    ],
)
def test_r54_a_day_in_cairo_is_as_long_as_its_clocks_say(day: date, begins: str, hours: int) -> None:
    assert start_of(day, CAIRO) == at(begins)
    assert end_of(day, CAIRO) - start_of(day, CAIRO) == timedelta(hours=hours)
    assert day_of(start_of(day, CAIRO), CAIRO) == last_day(end_of(day, CAIRO), CAIRO) == day


def test_r54_until_a_day_includes_it_at_the_place() -> None:
    assert end_of(date(2026, 12, 1), MANAGUA) == at("2026-12-02T06:00")
    assert end_of(date(2026, 12, 1), JAYAPURA) == at("2026-12-01T15:00")
    assert (last_day(None, CAIRO), last_day(at("2026-12-01T12:00"), JAYAPURA)) == (None, date(2026, 12, 1))
    assert is_start_of_day(at("2026-12-02T06:00"), MANAGUA)
    assert not is_start_of_day(at("2026-12-02T06:00"), CAIRO)
    assert moment_at(date(2026, 10, 29), time(23, 30), CAIRO) == at("2026-10-29T20:30")  # it comes twice: the first


def test_r54_an_end_is_named_by_its_last_day_and_in_records_by_its_moment_where_it_came_during_a_day() -> None:
    end = end_of(date(2026, 12, 1), MANAGUA)
    assert {say(end, MANAGUA) for say in (last_day_in_words, exact_end_in_words)} == {"1 Dec 2026"}
    assert last_day_in_words(end, CAIRO) == "2 Dec 2026"
    assert exact_end_in_words(end, CAIRO) == moment_in_words(end, CAIRO)
    assert (last_day_in_words(None, CAIRO), exact_end_in_words(None, CAIRO)) == ("", "")


def test_r54_a_moment_of_yesterday_evening_is_a_day_ago() -> None:
    with time_machine.travel(at("2026-12-01T15:30")):  # half past midnight in Jayapura
        assert (days_since(at("2026-12-01T14:30"), JAYAPURA), days_since(at("2026-12-01T14:30"), MANAGUA)) == (1, 0)


def test_days_at_the_edge_of_the_calendar_are_its_first_and_last_moment() -> None:
    assert start_of(date.min, JAYAPURA) == datetime.min.replace(tzinfo=UTC)
    assert moment_at(date.max, time.max, MANAGUA) == datetime.max.replace(tzinfo=UTC)


def test_the_zones_are_those_of_the_locked_package_on_every_machine() -> None:
    assert zoneinfo.TZPATH == ()
    for name in ("run", "embedded", "dev"):
        [pinned] = [
            row for row in (REQUIREMENTS / f"{name}.txt").read_text().splitlines() if row.startswith("tzdata==")
        ]
        assert ";" not in pinned, pinned
    assert zone_in_words(JAYAPURA) == "Asia/Jayapura (UTC+09:00)"
    assert zone_in_words(UTC_DAYS) == "UTC"


@pytest.mark.parametrize(
    ("language", "first", "eleventh"),
    [("en", "1 Mar 2026", "11 Mar 2026"), ("fr", "1er mars 2026", "11 mars 2026"), ("vi", "1/3/2026", "11/3/2026")],
)
def test_the_first_of_a_month_is_written_as_the_language_writes_it(language: str, first: str, eleventh: str) -> None:
    with translation.override(language):
        assert [written(date(2026, 3, day)) for day in (1, 11)] == [first, eleventh]
        assert written(datetime(2026, 3, 1, 9, tzinfo=UTC), "DATETIME_FORMAT").startswith(f"{first}, 09:00")
        assert plain_day(date(2026, 3, 1)) == first
        assert f">{first}</time>" in shown_day(date(2026, 3, 1))
