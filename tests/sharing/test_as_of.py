"""Any day in the past: the same decision, with the grants, settings, reports and people of that day."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from assessments.publication.services import take_step
from brands.roles import BRAND
from factories.models import Factory
from portal.accounts.models import MembershipPeriod, User
from portal.accounts.services import add_member, change_role, remove_member
from portal.core.days import end_of, moment_in_words, today, written
from portal.disclosure.explaining import by_side, who_could_see
from sharing import access
from sharing.grants.services.revoking import revoke_access
from sharing.models import SharingGrant, WithheldReport
from tests.publishing import correct
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
MICROSECOND = timedelta(microseconds=1)


def open_at(world: World, at: datetime | None, name: str = "a2", brand: Any = None) -> bool:
    """Whether the brand could read the report then; every direction says the same."""
    assessment, member = world.assessments[name], world.person("brand_a_member")
    brand = brand or world.brand_a
    decided = bool(access.decide_for_brand(brand, assessment, "report", at))
    assert decided == access.brands_reading_of(assessment, "report", at).filter(brand=brand).exists()
    assert decided == Assessment.objects.open_to(brand, "report", at).filter(pk=assessment.pk).exists()
    if brand == world.brand_a:
        listed = Assessment.objects.visible_to(member, "report", at).filter(pk=assessment.pk).exists()
        assert listed == bool(access.decide(member, assessment, "report", at))
        assert listed == access.readers(assessment, "report", at).filter(pk=member.pk).exists()
    return decided


def test_a_grant_opens_from_its_start_up_to_but_not_at_its_end(world: World) -> None:
    grant = world.grant()
    started = timezone.now()
    ended = revoke_access(by=world.person("manager_a"), grant=grant).ended_at
    assert ended is not None

    assert open_at(world, started)
    assert open_at(world, ended - MICROSECOND)
    assert not open_at(world, ended)
    assert not open_at(world, None)
    assert not open_at(world, grant.valid_from - MICROSECOND)
    assert access.decide_for_brand(world.brand_a, world.assessments["a2"], "report", started).grant == grant


def test_an_expiry_at_midnight_is_one_moment_in_every_time_zone(world: World) -> None:
    from zoneinfo import ZoneInfo

    midnight = datetime.combine(timezone.now().date() + timedelta(days=3), datetime.min.time(), tzinfo=UTC)
    world.grant(expires_at=midnight)

    for zone in ("Asia/Phnom_Penh", "Pacific/Kiritimati", "America/Managua"):
        assert not open_at(world, midnight.astimezone(ZoneInfo(zone)))
        assert open_at(world, (midnight - MICROSECOND).astimezone(ZoneInfo(zone)))


def test_a_withdrawn_report_could_be_read_until_then(world: World) -> None:
    world.grant()
    before = timezone.now()
    take_step(by=world.person("team_leader"), assessment=world.assessments["a2"], name="withdraw", reason="Wrong")
    world.assessments["a2"].refresh_from_db()

    assert open_at(world, before)
    assert not open_at(world, timezone.now())
    manager = world.person("manager_a")
    assert access.decide(manager, world.assessments["a2"], "report", before)
    assert not access.decide(manager, world.assessments["a2"], "report", timezone.now())
    told = access.decide_for_brand(world.brand_a, world.assessments["a2"], "report")
    assert told.reason == "withdrawn"


def test_settings_holds_and_what_is_withheld_count_as_they_were(world: World) -> None:
    world.grant(hold_days=7)
    fresh = make_assessment(world, world.factory_a, 5, "published", published_days_ago=0)
    world.assessments["a5"] = fresh
    assert fresh.published_at is not None
    opens = fresh.published_at + timedelta(days=7)
    assert not open_at(world, opens - MICROSECOND, "a5")
    assert open_at(world, opens, "a5")

    before = timezone.now()
    world.brand_a.is_active = False
    world.brand_a.save()
    closed = timezone.now()
    assert (open_at(world, before), open_at(world, closed), open_at(world, None)) == (True, False, False)
    assert access.decide_for_brand(world.brand_a, world.assessments["a2"], "report").reason == "closed"

    world.brand_a.is_active = True
    world.brand_a.save()
    again = timezone.now()
    WithheldReport.objects.create(
        factory=world.factory_a,
        brand=world.brand_a,
        cycle=2,
        withheld_at=timezone.now(),
        withheld_by=world.person("manager_a"),
    )
    assert (open_at(world, again), open_at(world, timezone.now())) == (True, False)
    assert access.decide_for_brand(world.brand_a, world.assessments["a2"], "report").reason == "withheld"


def test_people_count_while_they_were_members_with_an_active_account(world: World) -> None:
    world.grant()
    manager, member = world.person("brand_a_manager"), world.person("brand_a_member")
    a2 = world.assessments["a2"]
    joined = timezone.now()
    remove_member(by=manager, kind=BRAND, organisation=world.brand_a, member=member)
    gone = timezone.now()
    add_member(by=None, kind=BRAND, organisation=world.brand_a, member=member, role="member")
    back = timezone.now()
    User.objects.filter(pk=member.pk).update(is_active=False)

    moments = (joined, gone, back, timezone.now())
    assert [bool(access.decide(member, a2, "report", at)) for at in moments] == [True, False, True, False]
    seen = Assessment.objects.filter(pk=a2.pk)
    assert [seen.visible_to(member, "report", at).exists() for at in moments] == [True, False, True, False]
    assert [access.readers(a2, "report", at).filter(pk=member.pk).exists() for at in moments] == [
        True,
        False,
        True,
        False,
    ]


def test_the_history_of_members_is_kept_by_the_database_and_cannot_be_bent(world: World) -> None:
    member = world.person("brand_a_member")
    change_role(
        by=world.person("brand_a_manager"),
        kind=BRAND,
        organisation=world.brand_a,
        member=member,
        role="manager",
    )
    periods = MembershipPeriod.objects.filter(user=member).order_by("pk")
    assert [period.until is None for period in periods] == [False, True]
    member.groups.clear()
    assert not periods.filter(until=None).exists()

    for spoil in (
        partial(periods.update, since=timezone.now() - timedelta(days=900)),
        partial(periods.update, until=None),
        periods.delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil()


def test_who_could_see_is_answered_for_brands_people_and_staff(world: World) -> None:
    world.grant()
    world.grant(world.brand_b)
    manager = world.person("manager_a")

    (found,) = who_could_see(manager, world.factory_a, 2, "report", timezone.now())

    assert [grant.brand for grant in found.grants] == [world.brand_a, world.brand_b]
    assert {reader.person for reader in found.people if reader.side == "brand"} == {
        world.person(name).name for name in ("brand_a_manager", "brand_a_member", "brand_b_manager", "brand_b_member")
    }
    assert {reader.person for reader in found.own} == {
        world.person(name).name for name in ("manager_a", "member_a", "representative_a")
    }
    assert {reader.person for reader in found.staff} == {
        world.person(name).name for name in ("advisor", "team_leader", "programme_manager", "global_staff")
    }
    everybody = {reader.person_id for reader in found.people}
    assert everybody == set(
        access.readers(world.assessments["a2"], "report", timezone.now()).values_list("pk", flat=True)
    )
    assert who_could_see(manager, world.factory_a, 2, "report", timezone.now() - timedelta(days=4000)) == []
    assert who_could_see(manager, world.factory_a, 4, "report") == []  # R47: planned
    assert len(who_could_see(world.person("team_leader"), world.factory_a, 4, "report")) == 1
    assert who_could_see(manager, world.factory_b, 1, "report") == []


def test_f20_who_could_see_names_the_readers_of_two_versions_once(world: World, client_of: Any) -> None:
    """The brand that was granted access after the correction reads the new version only."""
    world.grant()
    correct(world, world.assessments["a2"])
    manager = world.person("manager_a")
    sides = by_side(who_could_see(manager, world.factory_a, 2, "report"))
    assert [[group.versions for group in side] for side in (sides.brands, sides.own, sides.staff)] == [[[2, 1]]] * 3
    browser, address = client_of(manager), reverse("who_could_see", args=[world.factory_a.pk])
    sheet = browser.get(address, {"cycle": 2}).content.decode()
    names = ("brand_a_member", "member_a", "team_leader")
    assert [sheet.count(world.person(name).name) for name in names] == [1, 1, 1]
    assert f"Printed by {manager.name}" in sheet
    world.grant(world.brand_b)
    sides = by_side(who_could_see(manager, world.factory_a, 2, "report"))
    assert [group.versions for group in sides.brands] == [[2], [1]]
    assert [group.in_words for group in sides.own] == ["Versions 2, 1"]


def test_r54_the_end_of_access_is_its_last_day_at_the_factory_as_on_every_page(world: World, client_of: Any) -> None:
    """Only access that somebody ended names the moment."""
    last = today(world.factory_a) + timedelta(days=90)
    world.grant(expires_at=end_of(last, world.factory_a))
    stopped = world.grant(world.brand_b)
    revoke_access(by=world.person("manager_a"), grant=stopped)
    stopped.refresh_from_db()
    browser = client_of(world.person("manager_a"))
    address = reverse("who_could_see", args=[world.factory_a.pk])
    shown = browser.get(address, {"cycle": 2, "scope": "report"}).content.decode()
    assert f'data-label="Access until" class="nowrap">{written(last)}</td>' in shown
    assert stopped.until_in_words() == moment_in_words(stopped.ended_at, world.factory_a)


def test_as_of_asks_the_same_few_queries_whatever_happened(world: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            who_could_see(world.person("manager_a"), Factory.objects.get(pk=world.factory_a.pk), 2, "report", at)
        return len(captured)

    world.grant()
    at = timezone.now()
    before = queries()
    grant = SharingGrant.objects.get()
    for _time in range(4):
        revoke_access(by=world.person("manager_a"), grant=grant)
        grant = world.grant()
    world.grant(world.brand_b)
    at = timezone.now()

    assert queries() == before <= 5
