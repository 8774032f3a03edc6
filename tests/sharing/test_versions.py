"""One report, one openness (R51): what a brand reads of a report's versions when it is corrected or withdrawn."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from assessments.models import Assessment
from assessments.publication.services import start_correction, take_step
from sharing import access
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import allow_report, withhold_report
from sharing.models import SharingGrant
from tests.publishing import correct
from tests.sharing.directions import is_read
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def reads(
    world: World, *versions: Assessment, persona: str = "brand_a_member", at: datetime | None = None
) -> list[int]:
    """The numbers of those versions that a person reads."""
    return [version.version for version in versions if is_read(world, version, persona, at)]


def why_not(world: World, version: Assessment, at: datetime | None = None) -> Any:
    decision = access.decide(world.person("brand_a_member"), version, "report", at)
    assert not decision
    return decision.reason


def fresh(world: World) -> Assessment:
    """A report of factory A that was published this minute."""
    return make_assessment(world, world.factory_a, 5, "published", published_days_ago=0)


def change(world: World, grant: SharingGrant, **terms: Any) -> SharingGrant:
    return change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(**terms))


@pytest.mark.parametrize("hold", [0, 10])
def test_r51_a_correction_of_a_report_that_a_brand_reads_is_open_at_once_hold_or_not(world: World, hold: int) -> None:
    grant = world.grant(hold_days=hold)
    old = world.assessments["a2"]

    new = correct(world, old)

    assert (old.state, new.state, new.report) == ("superseded", "published", old.report)
    assert reads(world, old, new) == [1, 2]
    assert access.decide(world.person("brand_a_member"), new, "report").grant == grant
    assert reads(world, old, new, persona="brand_b_member") == []
    assert reads(world, old, new, persona="manager_a") == [1, 2]


def test_r51_a_correction_of_a_report_on_hold_opens_with_it_and_the_replaced_version_never(world: World) -> None:
    world.grant(hold_days=7)
    old = fresh(world)
    assert old.first_published_at is not None
    opens = old.first_published_at + timedelta(days=7)

    new = correct(world, old)

    assert reads(world, old, new) == []
    assert {why_not(world, old), why_not(world, new)} == {"hold"}
    assert reads(world, old, new, at=opens - timedelta(microseconds=1)) == []
    assert reads(world, old, new, at=opens) == [2]
    assert why_not(world, old, opens) == "replaced"
    assert reads(world, old, new, persona="manager_a") == [1, 2]


def test_r51_a_new_brand_never_sees_the_replaced_version(world: World) -> None:
    old = world.assessments["a2"]
    new = correct(world, old)

    world.grant()

    assert reads(world, old, new) == [2]
    assert why_not(world, old) == "replaced"
    told = access.explain_to_reader(world.person("brand_a_member"), old, "report")
    assert told.reason not in {"replaced", "grant"}
    assert "replaced" not in told.sentence


def test_r51_access_given_anew_begins_with_the_current_version(world: World) -> None:
    grant, old = world.grant(), world.assessments["a2"]
    new = correct(world, old)
    read = timezone.now()
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert reads(world, old, new) == []

    world.grant()

    assert reads(world, old, new) == [2]
    assert reads(world, old, new, at=read) == [1, 2]


def test_r51_a_change_without_a_gap_keeps_the_replaced_version_as_long_as_the_cycle_stays_open(world: World) -> None:
    grant, old = world.grant(), world.assessments["a2"]
    new = correct(world, old)

    grant = change(world, grant, cycles="from", cycle_numbers=[2])
    assert reads(world, old, new) == [1, 2]
    grant = change(world, grant, cycles="only", cycle_numbers=[1])
    assert reads(world, old, new) == []
    change(world, grant)
    assert reads(world, old, new) == [2]


@pytest.mark.parametrize(("is_read_before", "expected"), [(True, [1, 2]), (False, [2])])
def test_r51_a_version_replaced_while_it_was_withheld_is_read_only_by_who_had_it(
    world: World, is_read_before: bool, expected: list[int]
) -> None:
    manager = world.person("manager_a")
    world.grant()
    if is_read_before:
        old = fresh(world)
    kept = withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=5)
    if not is_read_before:
        old = fresh(world)
    new = correct(world, old)
    assert reads(world, old, new) == []
    assert {why_not(world, old), why_not(world, new)} == {"withheld"}

    allow_report(by=manager, withheld=kept)

    assert reads(world, old, new) == expected


def test_r51_a_scope_given_after_a_correction_opens_the_current_version_alone(world: World) -> None:
    world.grant()
    old = world.assessments["a2"]
    new = correct(world, old)
    world.grant(scope="step1")
    member = world.person("brand_a_member")

    assert set(access.openings(member, old)) == {"report"}
    assert set(access.openings(member, new)) == {"report", "step1"}
    assert set(Assessment.objects.visible_to(member, "step1").filter(cycle=2)) == {new}


def test_r51_after_a_withdrawal_a_publication_begins_a_new_report_with_its_hold_anew(world: World) -> None:
    world.grant(hold_days=7)
    old, staff = world.assessments["a2"], world.person("programme_manager")
    assert reads(world, old) == [1]
    take_step(by=staff, assessment=old, name="withdraw", reason="The wrong factory")
    old.refresh_from_db()
    assert why_not(world, old) == "withdrawn"

    new = start_correction(by=staff, assessment=old, note="Of the right factory")
    for step in ("send_to_factory", "publish"):
        new = take_step(by=staff, assessment=new, name=step)

    assert new.report != old.report
    assert new.first_published_at == new.published_at
    assert (reads(world, old, new), why_not(world, new)) == ([], "hold")
    assert new.published_at is not None
    assert reads(world, old, new, at=new.published_at + timedelta(days=7)) == [2]
