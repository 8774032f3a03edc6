"""Closure days: who enters them, which days are accepted, and who reads them. Nobody answers them (R47, R54)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from factories.models import ClosureDays
from factories.services import add_closure, remove_closure
from portal.core.days import days_from_now
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db


def add(world: World, ahead: int = 10, days: int = 2, by: str = "manager_a", reason: str = "") -> ClosureDays:
    """Closure days of factory A."""
    first = days_from_now(ahead, world.factory_a)
    last = first + timedelta(days=days - 1)
    return add_closure(by=world.person(by), factory=world.factory_a, first_day=first, last_day=last, reason=reason)


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__startswith="factory.closure").order_by("pk").values_list("kind", flat=True))


def test_closure_days_are_entered_and_removed_with_an_event_each(world: World) -> None:
    closure = add(world, reason=" Water  festival ")
    assert closure.reason == "Water festival"
    assert add(world) == closure  # twice has no further effect

    remove_closure(by=world.person("team_leader"), closure=closure)
    remove_closure(by=world.person("team_leader"), closure=closure)

    assert not ClosureDays.objects.exists()
    assert kinds() == ["factory.closure_added", "factory.closure_removed"]
    assert "festival" not in str(Event.objects.filter(kind__startswith="factory.closure").values_list("data"))


@pytest.mark.parametrize("persona", ["member_a", "representative_a", "manager_b", "brand_a_manager", "advisor"])
def test_others_cannot_change_closure_days(world: World, persona: str) -> None:
    closure = add(world)
    with pytest.raises(PermissionDenied):
        add(world, ahead=30, by=persona)
    with pytest.raises(PermissionDenied):
        remove_closure(by=world.person(persona), closure=closure)
    assert ClosureDays.objects.count() == 1


@pytest.mark.parametrize(
    ("ahead", "days", "field"),
    [(-1, 2, "first_day"), (10, 0, "last_day"), (10, 61, "last_day"), (366, 2, "last_day")],
    ids=["over", "backwards", "too long", "too far ahead"],
)
def test_days_that_cannot_be_planned_around_are_refused(world: World, ahead: int, days: int, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        add(world, ahead, days)
    assert list(refused.value.message_dict) == [field]


def test_the_longest_closure_and_the_last_day_of_the_year_ahead_are_accepted(world: World) -> None:
    add(world, ahead=0, days=60)
    add(world, ahead=366, days=1)


def test_days_that_overlap_are_refused(world: World) -> None:
    add(world, ahead=10, days=3)
    with pytest.raises(ValidationError, match="on the list already"):
        add(world, ahead=12, days=3)
    add(world, ahead=13, days=3)


def test_r54_today_is_the_day_at_the_factory(world: World, time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 3, 10, 22, tzinfo=UTC), tick=False)  # 5 o'clock on the 11th in Phnom Penh
    manager, there = world.person("manager_a"), date(2026, 3, 11)
    add_closure(by=manager, factory=world.factory_a, first_day=there, last_day=there)
    over = there - timedelta(days=1)
    with pytest.raises(ValidationError):
        add_closure(by=manager, factory=world.factory_a, first_day=over, last_day=over)


SEEN_BY = {"manager_a", "member_a", "representative_a", "advisor", "team_leader", "programme_manager", "global_staff"}


def test_only_the_factory_and_the_programme_see_closure_days(world: World) -> None:
    closure = add(world)
    seen = {
        name for name, person in world.people.items() if person and closure in ClosureDays.objects.visible_to(person)
    }
    assert seen == SEEN_BY


def test_the_page_lists_coming_days_only_and_says_that_there_is_no_answer(world: World, client_of) -> None:
    add(world, reason="Water festival")
    past = add(world, ahead=30, reason="Long ago")
    first = days_from_now(-30, world.factory_a)
    ClosureDays.objects.filter(pk=past.pk).update(first_day=first, last_day=first)

    page = client_of(world.person("member_a")).get(f"/factories/{world.factory_a.pk}/closures/").content.decode()

    assert "Water festival" in page
    assert "Long ago" not in page
    assert "We plan around these days. You will not get an answer." in page
    assert 'name="first_day"' not in page


def test_what_is_wrong_is_said_beside_its_field(world: World, client_of) -> None:
    day = days_from_now(-1, world.factory_a).isoformat()
    url = f"/factories/{world.factory_a.pk}/closures/"
    answer = client_of(world.person("manager_a")).post(url, {"first_day": day, "last_day": day})
    assert answer.status_code == 400
    assert "This day is over." in answer.content.decode()
