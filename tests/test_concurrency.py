"""What two people do to publications and consent at the same moment, on a real PostgreSQL with real transactions.

Each test says who acts and what must hold afterwards, whoever was first. A race is run several times, started by a
barrier; where the interesting order is known, it is forced instead: the first transaction is held open until the
second one is seen to wait for it.
"""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse

from assessments.models import Assessment, ReportCopy
from assessments.publication.services import start_correction, take_step
from assessments.reports.services import order_report
from factories.roles import FACTORY
from portal.accounts.services import change_role
from portal.core import jobs
from portal.core.models import Event, Job
from sharing.confirming.services import confirm_grant, refuse_grant, switch_confirmation_on
from sharing.grants.services.granting import change_grant, grant_access, share_again
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access, stop_all_sharing
from sharing.holds.services import withhold_report
from sharing.models import SharingGrant, WithheldReport
from tests.sharing.deciding import seen_on
from tests.together import TIMES, at_once, behind, make_second_manager, refusals, seen_by_brand, signed_in
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def world() -> World:
    return build_world()


# --- publication ------------------------------------------------------------------------------------------


def test_two_publications_at_once_are_one(world: World) -> None:
    a3, people = world.assessments["a3"], ("programme_manager", "team_leader")
    answers = at_once(
        *[lambda who=who: take_step(by=world.person(who), assessment=a3, name="publish") for who in people]
    )
    assert refusals(answers, ValidationError) == 0
    a3.refresh_from_db()
    assert a3.state == "published"
    assert Event.objects.filter(kind="assessment.published", subject=str(a3.pk)).count() == 1


def test_a_publication_behind_a_publication_changes_nothing(world: World) -> None:
    a3 = world.assessments["a3"]
    first, second = behind(
        lambda: take_step(by=world.person("programme_manager"), assessment=a3, name="publish"),
        lambda: take_step(by=world.person("team_leader"), assessment=a3, name="publish"),
    )
    assert first.published_at == second.published_at
    assert Event.objects.filter(kind="assessment.published", subject=str(a3.pk)).count() == 1


def test_two_corrections_at_once_are_one(world: World) -> None:
    a2 = world.assessments["a2"]

    def correct() -> Assessment:
        return start_correction(by=world.person("team_leader"), assessment=a2, note="Wages")

    answers = at_once(correct, correct)
    assert refusals(answers, ValidationError) == 1
    assert Assessment.objects.filter(supersedes=a2).count() == 1


def test_publishing_and_taking_back_end_in_one_of_the_two(world: World) -> None:
    a3, manager = world.assessments["a3"], world.person("programme_manager")
    answers = at_once(
        lambda: take_step(by=manager, assessment=a3, name="publish"),
        lambda: take_step(by=manager, assessment=a3, name="take_back"),
    )
    assert refusals(answers, ValidationError) == 1
    a3.refresh_from_db()
    assert (a3.state, a3.published_at is None) in {("published", False), ("internal_review", True)}


# --- consent ----------------------------------------------------------------------------------------------


def test_a_double_click_is_one_grant(world: World) -> None:
    answers = at_once(*[world.grant] * 4)
    assert refusals(answers, ValidationError) == 0
    assert len({grant.pk for grant in answers}) == 1
    assert SharingGrant.objects.count() == 1
    assert Event.objects.filter(kind="grant.created").count() == 1


def test_two_managers_with_different_terms_make_one_grant(world: World) -> None:
    answers = at_once(
        lambda: world.grant(cycles="only", cycle_numbers=[1]), lambda: world.grant(cycles="only", cycle_numbers=[2])
    )
    [late] = [answer for answer in answers if isinstance(answer, ValidationError)]
    assert "already has access of this kind. Change the existing access instead." in late.messages[0]
    assert SharingGrant.objects.filter(ended_at=None).count() == 1


def test_two_managers_who_change_the_terms_at_once_leave_one_of_the_two(world: World) -> None:
    """The second is told that what they looked at is over, and changes nothing."""
    first, second = world.person("manager_a"), make_second_manager(world)
    old = world.grant()
    answers = at_once(
        lambda: change_grant(by=first, grant=old, terms=Terms(cycles="only", cycle_numbers=[1])),
        lambda: change_grant(by=second, grant=old, terms=Terms(hold_days=9)),
    )
    [late] = [answer for answer in answers if isinstance(answer, ValidationError)]
    assert "has since been changed. Check the list" in late.messages[0]
    [new] = [answer for answer in answers if isinstance(answer, SharingGrant)]
    assert SharingGrant.objects.get(ended_at=None) == new
    assert SharingGrant.objects.count() == 2


def test_a_manager_who_stops_and_one_who_shares_again_at_once_leave_what_the_last_one_was_told(
    world: World,
) -> None:
    first, second = world.person("manager_a"), make_second_manager(world)
    old, factory = world.grant(), world.factory_a
    again = Terms(cycles="only", cycle_numbers=[2])
    _shared, ended = behind(
        lambda: grant_access(by=second, factory=factory, brand=world.brand_b, scope="report", terms=again),
        lambda: stop_all_sharing(by=first, factory=factory),
    )
    assert {grant.pk for grant in ended} == {grant.pk for grant in SharingGrant.objects.all()}
    assert not SharingGrant.objects.filter(ended_at=None).exists()
    _stopped, late = behind(
        lambda: stop_all_sharing(by=first, factory=factory), lambda: change_grant(by=second, grant=old, terms=again)
    )
    assert isinstance(late, ValidationError)


def test_two_representatives_who_confirm_and_refuse_at_once_give_one_answer(world: World) -> None:
    second = world.person("member_a")
    manager = world.person("manager_a")
    change_role(by=manager, kind=FACTORY, organisation=world.factory_a, member=second, role="worker_representative")
    switch_confirmation_on(by=manager, factory=world.factory_a)
    grant = world.grant()
    answers = at_once(
        lambda: confirm_grant(by=world.person("representative_a"), grant=grant),
        lambda: refuse_grant(by=second, grant=grant, reason="Not yet"),
    )
    [late] = [answer for answer in answers if isinstance(answer, ValidationError)]
    grant.refresh_from_db()
    is_confirmed = grant.confirmed_at is not None
    assert is_confirmed == (grant.ended_at is None)
    said = "already confirmed; only a manager can stop it" if is_confirmed else "since been changed or ended"
    assert said in late.messages[0]


def test_two_revokes_at_once_are_one(world: World) -> None:
    grant = world.grant()
    answers = at_once(*[lambda: revoke_access(by=world.person("manager_a"), grant=grant)] * 3)
    assert refusals(answers, ValidationError) == 0
    assert Event.objects.filter(kind="grant.revoked").count() == 1
    assert seen_by_brand(world) == set()


def test_what_was_stopped_is_resumed_once_and_ends_with_a_stop_behind_it(world: World) -> None:
    """Two managers resume the same two brands in opposite order; nobody waits for the other for ever."""
    first, second, factory = world.person("manager_a"), make_second_manager(world), world.factory_a
    old = [world.grant(), world.grant(brand=world.brand_b)]
    stop_all_sharing(by=first, factory=factory)
    answers = at_once(
        lambda: share_again(by=first, factory=factory, grants=old),
        lambda: share_again(by=second, factory=factory, grants=old[::-1]),
    )
    assert {grant.pk for grant in answers[0]} == {grant.pk for grant in answers[1]}
    assert SharingGrant.objects.filter(ended_at=None).count() == 2
    again, ended = behind(
        lambda: share_again(by=first, factory=factory, grants=old),
        lambda: stop_all_sharing(by=second, factory=factory),
    )
    assert {grant.pk for grant in ended} == {grant.pk for grant in again}


def test_a_grant_behind_stop_all_is_a_new_one_and_one_before_it_ends(world: World) -> None:
    manager, factory = world.person("manager_a"), world.factory_a
    world.grant()
    _ended, new = behind(lambda: stop_all_sharing(by=manager, factory=factory), world.grant)
    assert SharingGrant.objects.filter(ended_at=None).get() == new
    _new, ended = behind(
        lambda: world.grant(brand=world.brand_b), lambda: stop_all_sharing(by=manager, factory=factory)
    )
    assert len(ended) == 2
    assert not SharingGrant.objects.filter(ended_at=None).exists()


def test_a_grant_behind_a_revoke_is_a_new_grant(world: World) -> None:
    old = world.grant()
    manager = world.person("manager_a")
    _ended, new = behind(lambda: revoke_access(by=manager, grant=old), world.grant)
    assert new.pk != old.pk
    assert SharingGrant.objects.filter(ended_at=None).get() == new


def test_a_revoke_behind_a_change_ends_the_successor(world: World) -> None:
    """Somebody who revokes what they saw is not told "done" while the brand reads on through changed terms."""
    old, manager = world.grant(), world.person("manager_a")
    successor, revoked = behind(
        lambda: change_grant(by=manager, grant=old, terms=Terms(cycles="from", cycle_numbers=[2])),
        lambda: revoke_access(by=manager, grant=old),
    )
    assert revoked == successor != old
    assert not SharingGrant.objects.filter(ended_at=None).exists()
    assert seen_by_brand(world) == set()


@pytest.mark.parametrize("time", TIMES)
def test_grant_against_revoke_leaves_rows_that_say_what_is_true(world: World, time: int) -> None:
    grant, manager = world.grant(), world.person("manager_a")
    at_once(world.grant, lambda: revoke_access(by=manager, grant=grant))
    is_open = SharingGrant.objects.filter(ended_at=None).exists()
    assert bool(seen_by_brand(world)) == is_open


# --- publication against consent -----------------------------------------------------------------------------


@pytest.mark.parametrize("time", TIMES)
def test_publish_against_revoke_leaks_nothing(world: World, time: int) -> None:
    grant, a3 = world.grant(), world.assessments["a3"]
    answers = at_once(
        lambda: take_step(by=world.person("programme_manager"), assessment=a3, name="publish"),
        lambda: revoke_access(by=world.person("manager_a"), grant=grant),
    )
    assert refusals(answers, ValidationError) == 0
    assert seen_by_brand(world) == set()


@pytest.mark.parametrize("first", ["publish", "revoke"])
def test_publish_and_revoke_wait_for_each_other(world: World, first: str) -> None:
    """Both take the factory's lock; whoever comes second sees what the first one did, and the end is the same."""
    grant, a3 = world.grant(), world.assessments["a3"]
    calls = {
        "publish": lambda: take_step(by=world.person("programme_manager"), assessment=a3, name="publish"),
        "revoke": lambda: revoke_access(by=world.person("manager_a"), grant=grant),
    }
    (second,) = set(calls) - {first}
    behind(calls[first], calls[second])
    a3.refresh_from_db()
    assert a3.state == "published"
    assert seen_by_brand(world) == set()


def test_a_reader_never_sees_more_than_was_committed(world: World) -> None:
    """While a revoke is not committed the brand reads as before; from the commit on, nothing."""
    grant = world.grant()
    with transaction.atomic():
        revoke_access(by=world.person("manager_a"), grant=grant)
        (during,) = at_once(lambda: seen_by_brand(world))
        assert during == {world.assessments[name].pk for name in ("a1", "a2")}
    assert at_once(lambda: seen_by_brand(world)) == [set()]


@pytest.mark.parametrize("time", TIMES)
def test_an_order_against_a_revoke_never_ends_in_a_file(world: World, time: int) -> None:
    grant, member = world.grant(), world.person("brand_a_member")
    order = {"scope": "report", "language": "en", "format": "csv"}
    answers = at_once(
        lambda: order_report(by=member, assessment=world.assessments["a2"], **order),
        lambda: revoke_access(by=world.person("manager_a"), grant=grant),
    )
    assert refusals(answers, PermissionDenied) <= 1
    for job in Job.objects.all():
        jobs.run(job.pk)
    assert set(ReportCopy.objects.values_list("file", flat=True)) <= {""}
    assert not ReportCopy.objects.visible_to(member).exists()


def test_a_report_withheld_while_it_is_published_is_never_open(world: World) -> None:
    """Both lock the factory: whichever is first, nobody of the brand reads the report once both are done."""
    world.grant()
    manager, member = world.person("manager_a"), world.person("brand_a_member")
    a3 = world.assessments["a3"]
    _done, kept = behind(
        lambda: take_step(by=world.person("team_leader"), assessment=a3, name="publish"),
        lambda: withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=3),
    )
    assert isinstance(kept, WithheldReport)
    assert not Assessment.objects.visible_to(member).filter(pk=a3.pk).exists()
    clicks = [lambda: withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=2)] * 3
    assert {row.pk for row in at_once(*clicks)} == {WithheldReport.objects.get(cycle=2).pk}


def test_a_double_click_in_the_browser_is_one_grant(world: World) -> None:
    body = {"brands": [world.brand_a.pk], "scopes": ["report", "step1"], "cycles": "all"}
    address = reverse("grant", args=[world.factory_a.pk])
    body["seen"] = seen_on(signed_in(world.person("manager_a")).post(address, body))

    def click() -> int:
        return signed_in(world.person("manager_a")).post(address, body).status_code

    assert at_once(click, click) == [302, 302]
    assert sorted(SharingGrant.objects.values_list("scope", flat=True)) == ["report", "step1"]
