"""A brand is told of a report when it really opens to it: once for each opening, never before, never after a revoke."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment, CorrectionNotice
from assessments.publication.services import start_correction, take_step
from factories.models import Factory
from portal.core.compiled import forget_prepared
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import Notice, WebhookDelivery, WebhookEndpoint
from portal.notices.outbox import notice_kinds
from sharing.confirming.services import confirm_grant
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import allow_report, withhold_report
from sharing.models import SharingGrant, WithheldReport
from sharing.terms import StatementTime
from tests.world import World

BRAND_A = "brand.a.member@test.example"
OPEN = "cycle 3: your brand can see a report"
REAL_NOW = timezone.now
Told = Callable[[], tuple[int, int]]
Travel = Callable[[int], None]


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Travel]:
    """Be so many days later, by the portal's clock and by the database's."""

    def to(day: int) -> None:
        monkeypatch.setattr(timezone, "now", lambda: REAL_NOW() + timedelta(days=day))
        monkeypatch.setattr(StatementTime, "template", f"(%(function)s() + INTERVAL '{day} days')")
        forget_prepared()  # prepared with the clock as it was

    yield to
    forget_prepared()


@pytest.fixture
def endpoint(world: World) -> WebhookEndpoint:
    """A program of brand A that wants to know of reports."""
    return WebhookEndpoint.objects.create(
        side="brand",
        organisation_id=world.brand_a.pk,
        url="https://brand.example/hook",
        kinds=["report.published", "report.superseded"],
        secret="",
        created_by=world.person("brand_a_manager"),
    )


@pytest.fixture
def told(mail_now: Any, endpoint: WebhookEndpoint) -> Told:
    """How many mails, and how many messages, said since the last question that the report of cycle 3 is open."""
    known = {"messages": 0}

    def ask() -> tuple[int, int]:
        mail.outbox.clear()
        mail_now()
        said = sum(message.body.count(OPEN) for message in mail.outbox if message.to == [BRAND_A])
        messages = WebhookDelivery.objects.count()
        new, known["messages"] = messages - known["messages"], messages
        return said, new

    return ask


def publish(world: World) -> Assessment:
    return take_step(by=world.person("programme_manager"), assessment=world.assessments["a3"], name="publish")


def change(world: World, grant: SharingGrant, **terms: Any) -> SharingGrant:
    return change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(**terms))


def withhold(world: World) -> WithheldReport:
    return withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=3)


def release(world: World, kept: WithheldReport) -> WithheldReport:
    return allow_report(by=world.person("manager_a"), withheld=kept)


def test_a_hold_that_is_lengthened_moves_the_news(world: World, told: Told, travel: Travel) -> None:
    """The day of the first hold leaves no trace in the brand's log: to the brand there is no report yet."""
    grant = world.grant(hold_days=5)
    publish(world)
    travel(3)
    change(world, grant, hold_days=10)
    travel(6)
    assert told() == (0, 0)
    travel(11)
    assert told() == (1, 1)
    travel(40)
    assert told() == (0, 0)


def test_a_hold_on_what_was_open_closes_it_and_its_end_is_told(world: World, told: Told, travel: Travel) -> None:
    grant = world.grant()
    publish(world)
    assert told() == (1, 1)
    change(world, grant, hold_days=10)
    assert told() == (0, 0)
    travel(11)
    assert told() == (1, 1)


def test_a_hold_that_is_shortened_is_told_at_once_and_not_again(world: World, told: Told, travel: Travel) -> None:
    grant = world.grant(hold_days=10)
    publish(world)
    assert told() == (0, 0)
    travel(2)
    change(world, grant, hold_days=1)
    assert told() == (1, 1)
    travel(11)
    assert told() == (0, 0)


def test_a_report_let_go_after_its_publication_is_told(world: World, told: Told, travel: Travel) -> None:
    """Kept back before it is out, whatever the grant's day: nothing. Let go, twice: once. Again: another opening."""
    world.grant(hold_days=2)
    kept = withhold(world)
    publish(world)
    travel(3)
    assert told() == (0, 0)
    release(world, release(world, kept))
    assert told() == (1, 1)
    again = withhold(world)
    travel(4)
    assert told() == (0, 0)
    release(world, again)
    assert told() == (1, 1)
    travel(30)
    assert told() == (0, 0)


def test_a_report_let_go_while_its_hold_runs_is_told_when_that_is_over(
    world: World, told: Told, travel: Travel
) -> None:
    world.grant(hold_days=5)
    publish(world)
    kept = withhold(world)
    travel(2)
    release(world, kept)
    assert told() == (0, 0)
    travel(6)
    assert told() == (1, 1)


def test_r7_what_was_revoked_in_between_is_told_to_nobody(world: World, told: Told, travel: Travel) -> None:
    """Not on the day planned, not when it is let go afterwards; a new grant tells of itself."""
    grant = world.grant(hold_days=5)
    publish(world)
    kept = withhold(world)
    revoke_access(by=world.person("manager_a"), grant=grant)
    release(world, kept)
    travel(6)
    assert told() == (0, 0)
    world.grant()
    assert told() == (0, 0)
    assert any("now shares with your brand" in message.body for message in mail.outbox)
    assert not Notice.objects.filter(organisation_id=world.brand_b.pk, side="brand").exists()


def test_a_grant_with_a_hold_after_the_publication_is_told_at_its_end(world: World, told: Told, travel: Travel) -> None:
    publish(world)
    travel(1)
    world.grant(hold_days=5)
    world.grant(scope="step1", hold_days=5)
    assert told() == (0, 0)
    travel(6)
    assert told() == (1, 1)


def test_what_was_published_while_a_second_person_was_waited_for_is_told_then(
    world: World, told: Told, travel: Travel
) -> None:
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    grant = world.grant()
    publish(world)
    travel(3)
    assert told() == (0, 0)
    confirm_grant(by=world.person("representative_a"), grant=grant)
    assert told() == (1, 1)


def test_a_correction_that_is_let_go_is_told_as_one_and_alone(
    world: World, told: Told, mail_now: Any, client_of: Any
) -> None:
    """The brand read the old version: it hears of the correction, not of the old version that opens with it."""
    world.grant()
    publish(world)
    told()
    client_of(world.person("brand_a_member")).get(reverse("assessment", args=[world.assessments["a3"].pk]))
    staff = world.person("programme_manager")
    new = start_correction(by=staff, assessment=world.assessments["a3"], note="Overtime was counted twice")
    take_step(by=staff, assessment=new, name="send_to_factory")
    take_step(by=staff, assessment=new, name="publish")
    assert CorrectionNotice.objects.filter(successor=new, brand=world.brand_a).exists()
    kept = withhold(world)
    assert told() == (0, 0)
    release(world, kept)
    assert told() == (0, 1)
    assert WebhookDelivery.objects.latest("created_at").kind == "report.superseded"
    assert any("was corrected" in message.body for message in mail.outbox if message.to == [BRAND_A])


def test_a_question_that_fails_holds_up_no_other_notice(world: World, told: Told, monkeypatch: Any) -> None:
    world.grant()
    publish(world)
    kind = notice_kinds["report.published"]

    def fail(_notice: Notice) -> None:
        raise LookupError

    monkeypatch.setitem(notice_kinds, kind.name, replace(kind, when=fail))
    assert told() == (0, 0)
    assert any("now shares with your brand" in message.body for message in mail.outbox)
    monkeypatch.setitem(notice_kinds, kind.name, kind)
    Notice.objects.filter(kind="report.published", handled_at=None).update(not_before=timezone.now())
    assert told() == (1, 1)


class Factories:
    """What a factory may do to the opening of one report, in any order; each answers whether a new grant began."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world, self.chance = world, chance
        self.grant: SharingGrant | None = None
        self.kept: WithheldReport | None = None
        self.is_out = False

    def share(self) -> bool:
        if self.grant is None:
            self.grant = self.world.grant(hold_days=self.chance.choice([0, 4]))
            return True
        cycles = self.chance.choice([{}, {}, {"cycles": "only", "cycle_numbers": [2]}])
        self.grant = change(self.world, self.grant, hold_days=self.chance.choice([0, 2, 4, 9]), **cycles)
        return False

    def revoke(self) -> bool:
        if self.grant is not None:
            revoke_access(by=self.world.person("manager_a"), grant=self.grant)
            self.grant = None
        return False

    def publish(self) -> bool:
        if not self.is_out:
            publish(self.world)
            self.is_out = True
        return False

    def keep_back(self) -> bool:
        if self.kept is None and self.grant is not None:
            self.kept = withhold(self.world)
        return False

    def let_go(self) -> bool:
        if self.kept is not None:
            release(self.world, self.kept)
            self.kept = None
        return False

    def wait(self) -> bool:
        return False


DECISIONS = ["share"] * 3 + ["keep_back"] * 2 + ["let_go"] * 2 + ["wait"] * 2 + ["publish", "revoke"]


def test_whatever_is_decided_each_opening_is_told_once_and_nothing_else(
    world: World, endpoint: WebhookEndpoint, travel: Travel
) -> None:
    """Against the gate itself: it is asked before and after each step; from closed to open is one message."""
    chance, reader = random.Random(3), world.person("brand_a_member")

    def is_open() -> bool:
        return Assessment.objects.visible_to(reader).filter(cycle=3, factory=world.factory_a).exists()

    def messages() -> int:
        return WebhookDelivery.objects.filter(notice__subject=str(world.assessments["a3"].pk)).count()

    openings = 0
    for _round in range(5):
        with transaction.atomic():
            factory, before, day, sent = Factories(world, chance), False, 0, messages()
            steps: list[str] = []
            for step in range(10):
                name = chance.choice(DECISIONS) if step > 2 else chance.choice(["share", "publish"])
                day += chance.choice([1, 3])
                travel(day)
                began = getattr(factory, name)()
                steps.append(f"day {day}: {name}")
                after = is_open()
                hand_out_notices()
                new, sent = messages() - sent, messages()
                assert new == int(after and not before) or (began and new == 0), (before, after, ", ".join(steps))
                before, openings = after, openings + new
            transaction.set_rollback(True)
    assert openings >= 5
