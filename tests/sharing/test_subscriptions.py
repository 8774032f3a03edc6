"""What participants bought: recorded by the staff, read by their brand, asked for by the access decision (R6)."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from assessments.models import Assessment
from factories.services import update_programme
from portal.core.models import Event
from sharing import access
from sharing.models import Subscription
from sharing.subscriptions.services import Purchase, record_subscriptions, withdraw_subscription
from tests.sharing.directions import is_read
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(world: World) -> World:
    """The world, where Cambodia asks participants for a subscription, and factory A shares reports with brand B."""
    world.grant(world.brand_b)
    switch(world, on=True)
    return world


def switch(world: World, *, on: bool) -> None:
    by = world.person("programme_manager")
    update_programme(by=by, programme=world.cambodia, participants_need_subscription=on)


def withdraw(world: World, found: Subscription) -> Subscription:
    return withdraw_subscription(by=world.person("team_leader"), subscription=found, reason="Wrong factory")


def reads(world: World, cycle: int = 2, at: datetime | None = None) -> bool:
    """Whether brand B could read factory A's report."""
    return is_read(world, world.assessments[f"a{cycle}"], "brand_b_member", at)


def test_r6_a_participant_needs_a_subscription_where_the_country_says_so(asked: World) -> None:
    member, report = asked.person("brand_b_member"), asked.assessments["a2"]

    assert (reads(asked, 1), reads(asked, 2)) == (False, False)
    assert access.decide(member, report, "report").reason == "subscription"
    assert access.decide_for_brand(asked.brand_b, report, "report").reason == "subscription"
    asked.subscribe(cycle=2)
    assert (reads(asked, 1), reads(asked, 2)) == (False, True)


def test_r6_a_subscription_opens_nothing_that_the_factory_did_not_share(world: World) -> None:
    world.subscribe(cycle=2)

    assert not reads(world)
    switch(world, on=True)
    assert not reads(world)


def test_r6_partners_need_none_and_none_is_recorded_for_them(asked: World) -> None:
    asked.grant(asked.brand_a)

    assert access.decide_for_brand(asked.brand_a, asked.assessments["a2"], "report")
    with pytest.raises(ValidationError, match="is a partner"):
        asked.subscribe(asked.brand_a)


def test_a_withdrawn_subscription_counts_until_then_and_no_longer(asked: World) -> None:
    before = timezone.now()
    bought = asked.subscribe(cycle=2)
    ended = withdraw(asked, bought).ended_at
    assert ended is not None

    assert not reads(asked)
    assert not reads(asked, at=before)
    assert reads(asked, at=bought.recorded_at)
    assert reads(asked, at=ended - timedelta(microseconds=1))
    assert not reads(asked, at=ended)
    again = asked.subscribe(cycle=2)
    assert again.pk != bought.pk
    assert reads(asked)


def test_a_queryset_built_before_a_withdrawal_opens_nothing_after_it(asked: World) -> None:
    bought = asked.subscribe(cycle=2)
    waiting = Assessment.objects.visible_to(asked.person("brand_b_member"))
    assert waiting.count() == 1

    withdraw(asked, bought)

    assert waiting.count() == 0


def test_recording_is_idempotent_and_another_day_is_refused(world: World) -> None:
    first = world.subscribe()

    assert world.subscribe() == first
    wanted = Purchase(world.brand_b, world.factory_a, 1, date(2026, 2, 1))
    with pytest.raises(ValidationError, match="recorded already"):
        record_subscriptions(by=world.person("team_leader"), purchases=[wanted])
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize(
    ("cycle", "day", "named"),
    [(0, date(2026, 1, 5), "cycle"), (201, date(2026, 1, 5), "cycle"), (1, date(2126, 1, 5), "bought_on")],
)
def test_what_cannot_be_is_refused_by_field(world: World, cycle: int, day: date, named: str) -> None:
    wanted = Purchase(world.brand_b, world.factory_a, cycle, day)

    with pytest.raises(ValidationError) as refused:
        record_subscriptions(by=world.person("team_leader"), purchases=[wanted])
    assert list(refused.value.error_dict) == [named]


@pytest.mark.parametrize("persona", ["advisor", "vietnam_manager", "manager_a", "brand_b_manager", "constituent"])
def test_only_staff_who_enrol_record_and_withdraw(world: World, persona: str) -> None:
    wanted = Purchase(world.brand_b, world.factory_a, 1, date(2026, 1, 5))

    with pytest.raises(PermissionDenied):
        record_subscriptions(by=world.person(persona), purchases=[wanted])
    with pytest.raises(PermissionDenied):
        withdraw_subscription(by=world.person(persona), subscription=world.subscribe(), reason="Mine")
    assert Subscription.objects.in_force().count() == 1


@pytest.mark.parametrize(
    ("persona", "sees"),
    [
        ("team_leader", True), ("programme_manager", True), ("global_staff", True), ("brand_b_member", True),
        ("brand_a_manager", False), ("manager_a", False), ("advisor", False), ("vietnam_manager", False),
        ("constituent", False), ("outsider", False), ("inactive", False),
    ],
)  # fmt: skip
def test_the_countrys_staff_and_the_brand_see_a_subscription_and_nobody_else(
    world: World, persona: str, sees: bool
) -> None:
    world.subscribe()

    assert Subscription.objects.visible_to(world.person(persona)).exists() == sees


def test_each_act_has_its_event(world: World) -> None:
    bought = withdraw(world, world.subscribe())

    recorded, withdrawn = Event.objects.filter(kind__startswith="subscription.").order_by("pk")
    assert (recorded.subject, recorded.data) == (str(bought.pk), {"cycle": 1, "bought_on": "2026-01-05"})
    assert (withdrawn.kind, withdrawn.data["reason"]) == ("subscription.withdrawn", "Wrong factory")
    assert {recorded.factory_id, withdrawn.factory_id} == {world.factory_a.pk}


@pytest.mark.parametrize(
    "change",
    [{"cycle": 3}, {"bought_on": date(2026, 2, 2)}, {"recorded_at": timezone.now()}, {"end_reason": "Without an end"}],
)
def test_the_database_refuses_other_changes(world: World, change: dict) -> None:
    bought = world.subscribe()

    with pytest.raises(DatabaseError), transaction.atomic():
        Subscription.objects.filter(pk=bought.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Subscription.objects.filter(pk=bought.pk).delete()
    withdraw(world, bought)
    with pytest.raises(DatabaseError), transaction.atomic():
        Subscription.objects.filter(pk=bought.pk).update(ended_at=None, ended_by=None, end_reason="")


def test_a_withdrawal_needs_a_reason_and_happens_once(world: World) -> None:
    bought = world.subscribe()

    with pytest.raises(ValidationError, match="Say why"):
        withdraw_subscription(by=world.person("team_leader"), subscription=bought, reason="  ")
    ended = withdraw(world, bought)
    assert withdraw(world, bought).ended_at == ended.ended_at
