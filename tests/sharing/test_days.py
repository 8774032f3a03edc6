"""R54: "until", "today" and deadlines of consent are days of the factory's place."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from factories.models import Factory
from portal.core.days import UTC_DAYS, Zone, day_of, end_of, moment_at, today, zone_named
from sharing.models import AccessRecord, SharingGrant
from sharing.receipts.document import facts
from sharing.records.services import record_access
from sharing.requests.services.answering import decline_request, snooze_request
from sharing.requests.services.asking import request_access, request_many
from sharing.requests.services.standing import RequestedTerms, may_ask_again
from tests.sharing.deciding import decide
from tests.world import World

pytestmark = pytest.mark.django_db
JAYAPURA, MANAGUA, CAIRO = "Asia/Jayapura", "America/Managua", "Africa/Cairo"
ONE_ZONE = "Days and times: "
EACH = "Days and times are in the local time of each factory."


def place(factory: Factory, zone: str) -> Factory:
    """Move a factory to a time zone."""
    Factory.objects.filter(pk=factory.pk).update(time_zone=zone)
    factory.refresh_from_db()
    return factory


def tomorrow_at(hours: int, minutes: int = 0) -> datetime:
    """A moment of tomorrow, by UTC."""
    return datetime.combine(today(UTC_DAYS) + timedelta(days=1), time(hours, minutes), tzinfo=UTC)


def form_of(world: World, day: date) -> dict[str, Any]:
    return {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "expires_on": day.isoformat()}


def shared_until(world: World, client_of: Any, day: date) -> SharingGrant:
    """What a manager shares until a day of the form."""
    address = reverse("grant", args=[world.factory_a.pk])
    decide(client_of(world.person("manager_a")), address, form_of(world, day))
    return SharingGrant.objects.get()


@pytest.mark.parametrize(("zone", "ends_at"), [(JAYAPURA, time(15)), (MANAGUA, time(6))])
def test_r54_until_a_day_holds_to_its_end_at_the_factory(
    world: World, client_of: Any, zone: str, ends_at: time
) -> None:
    place(world.factory_a, zone)
    day = today(world.factory_a) + timedelta(days=20)
    grant = shared_until(world, client_of, day)
    assert grant.expires_at is not None
    assert (grant.expires_at.astimezone(UTC).time(), grant.last_day) == (ends_at, day)


def test_r54_the_end_follows_the_clocks_of_cairo(world: World, client_of: Any) -> None:
    """Clocks go forward on the last Friday of April, and back at the end of the last Thursday of October."""
    place(world.factory_a, CAIRO)
    year = today(UTC_DAYS).year + 1
    april = next(day for day in (date(year, 4, 30 - n) for n in range(7)) if day.weekday() == 4)
    october = next(day for day in (date(year, 10, 31 - n) for n in range(7)) if day.weekday() == 3)
    ends = {
        april - timedelta(days=1): time(22),
        april: time(21),
        october: time(22),
        october - timedelta(days=1): time(21),
    }
    for day, ends_at in ends.items():
        assert end_of(day, world.factory_a).time() == ends_at, day
    grant = shared_until(world, client_of, april)
    assert (grant.expires_at, grant.last_day) == (end_of(april, world.factory_a), april)


def test_r54_today_may_be_chosen_and_yesterday_not_by_the_factorys_calendar(world: World, client_of: Any) -> None:
    address = reverse("grant", args=[place(world.factory_a, JAYAPURA).pk])
    with time_machine.travel(tomorrow_at(16, 30)):  # half past one of the day after in Jayapura
        manager, utc = client_of(world.person("manager_a")), today(UTC_DAYS)
        assert list(manager.post(address, form_of(world, utc)).context["form"].errors) == ["expires_on"]
        assert manager.post(address, form_of(world, utc + timedelta(days=1))).status_code == 200
        place(world.factory_a, MANAGUA)
        assert manager.post(address, form_of(world, utc)).status_code == 200
    with time_machine.travel(tomorrow_at(5)):  # eleven in the evening of today in Managua
        manager = client_of(world.person("manager_a"))
        assert manager.post(address, form_of(world, today(UTC_DAYS) - timedelta(days=1))).status_code == 200


def test_r54_many_factories_are_asked_until_the_day_of_each(world: World) -> None:
    place(world.factory_a, JAYAPURA)
    place(world.factory_b, MANAGUA)
    by, factories = world.person("brand_a_member"), [world.factory_a, world.factory_b]
    with time_machine.travel(tomorrow_at(16, 30)):
        utc = today(UTC_DAYS)
        terms = RequestedTerms(("report",), "Review", last_day=utc)
        asked = request_many(by=by, brand=world.brand_a, factories=factories, terms=terms)
        assert [(one.factory, one.expires_at) for one in asked.requests] == [
            (world.factory_b, end_of(utc, world.factory_b))
        ]
        assert [(factory, "passed at this factory" in why) for factory, why in asked.refused] == [
            (world.factory_a, True)
        ]


def test_r54_the_form_for_many_refuses_a_day_that_is_over_at_all_of_them(world: World, client_of: Any) -> None:
    place(world.factory_a, JAYAPURA)
    place(world.factory_b, MANAGUA)
    address = reverse("ask", args=[world.brand_a.pk])
    with time_machine.travel(tomorrow_at(16, 30)):
        member, utc = client_of(world.person("brand_a_member")), today(UTC_DAYS)
        body = {"factory": [world.factory_a.pk, world.factory_b.pk], "scopes": ["report"], "cycles": "all"}
        body |= {"purpose": "Review", "expires_on": (utc - timedelta(days=1)).isoformat()}
        assert list(member.post(address, body).context["form"].errors) == ["expires_on"]
        assert member.post(address, body | {"expires_on": utc.isoformat()}).status_code == 302


@pytest.mark.parametrize("zone", [JAYAPURA, MANAGUA])
def test_r54_a_request_waits_lapses_and_returns_by_days_of_the_factory(world: World, zone: str) -> None:
    factory = place(world.factory_a, zone)
    manager, now = world.person("manager_a"), today(factory)
    terms = RequestedTerms(("report",), "Review")
    request = request_access(by=world.person("brand_a_member"), brand=world.brand_a, factory=factory, terms=terms)
    assert request.lapses_on == now + timedelta(days=world.cambodia.request_days)
    assert request.lapses_at == end_of(request.lapses_on, factory)
    assert may_ask_again(request) == moment_at(
        request.lapses_on + timedelta(days=world.cambodia.request_again_days), time.min, factory
    )
    put_off = snooze_request(by=manager, request=request, days=3)
    assert put_off.snoozed_until == moment_at(now + timedelta(days=3), time.min, factory)
    closed = decline_request(by=manager, request=request)
    again = now + timedelta(days=world.cambodia.request_again_days)
    assert may_ask_again(closed) == moment_at(again, time.min, factory)
    with pytest.raises(ValidationError, match=f"{again.day} "):
        request_access(by=world.person("brand_a_member"), brand=world.brand_a, factory=factory, terms=terms)


def test_r54_who_saw_what_is_narrowed_by_days_of_each_factory(world: World, client_of: Any) -> None:
    member, seen_at = world.person("brand_a_member"), tomorrow_at(16, 30)
    for factory, name, zone in ((world.factory_a, "a2", JAYAPURA), (world.factory_b, "b1", MANAGUA)):
        grant = world.grant(factory=place(factory, zone))
        with time_machine.travel(seen_at):
            record_access(by=member, assessment=world.assessments[name], openings={"report": grant}, action="view")
    records = AccessRecord.objects.filter(at__gte=seen_at)
    assert records.count() == 2
    utc = day_of(seen_at, UTC_DAYS)
    brand, page = client_of(member), reverse("what_we_read", args=[world.brand_a.pk])
    for day, factories in ((utc, [world.factory_b]), (utc + timedelta(days=1), [world.factory_a])):
        asked = {"since": day.isoformat(), "until": day.isoformat()}
        answer = brand.get(page, asked)
        assert [one.factory for one in answer.context["page"].items] == factories
        assert EACH in answer.content.decode()
        own = client_of(world.person("manager_a")).get(reverse("who_saw", args=[world.factory_a.pk]), asked)
        assert len(own.context["page"].items) == (world.factory_a in factories)
        assert f"{ONE_ZONE}Asia/Jayapura (UTC+09:00)" in own.content.decode()


def test_r54_a_table_names_moments_with_the_offset_of_the_factory(world: World, client_of: Any) -> None:
    grant = world.grant(factory=place(world.factory_a, JAYAPURA))
    member = world.person("brand_a_member")
    with time_machine.travel(tomorrow_at(16, 30), tick=False):
        record_access(by=member, assessment=world.assessments["a2"], openings={"report": grant}, action="view")
        expected = f"{today(world.factory_a)}T01:30:00+09:00"
    for persona, page in (
        ("manager_a", reverse("who_saw", args=[world.factory_a.pk])),
        ("brand_a_member", reverse("what_we_read", args=[world.brand_a.pk])),
    ):
        answer: Any = client_of(world.person(persona)).get(page, {"format": "csv"})
        assert expected in b"".join(answer.streaming_content).decode("utf-8-sig")


def test_r54_a_receipt_says_the_last_day_and_the_zone(world: World, client_of: Any) -> None:
    place(world.factory_a, MANAGUA)
    day = today(world.factory_a) + timedelta(days=20)
    grant = shared_until(world, client_of, day)
    receipt = grant.receipts.get()
    manager = client_of(world.person("manager_a"))
    shown = dict(manager.get(reverse("receipt", args=[receipt.number])).context["facts"])
    assert shown["Until"].startswith(f"{day.day} ")
    assert ":" not in shown["Until"]
    assert shown["Days and times"] == "America/Managua (UTC-06:00)"
    assert "UTC" in dict(facts(receipt.payload, {}))["Until"]  # on a page of no factory it is a moment


def test_no_page_shows_the_days_of_the_page_before(world: World, client_of: Any) -> None:
    place(world.factory_a, JAYAPURA)
    manager = client_of(world.person("manager_a"))
    assert "Asia/Jayapura" in manager.get(reverse("factory_brands", args=[world.factory_a.pk])).content.decode()
    assert ONE_ZONE not in manager.get(reverse("home")).content.decode()
    assert Zone(zone_named(JAYAPURA)).zone == world.factory_a.zone
