"""Two who decide on the same consent at the same moment: the second person, holds, handovers.

Real transactions, as in `test_concurrency.py`. Where it matters who is first, both orders are forced.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from assessments.models import Assessment, ReportCopy
from assessments.publication.services import take_step
from assessments.reports.services import hand_over, order_report
from factories.models import CountryProgramme, Factory, Handover
from factories.roles import FACTORY
from factories.services import complete_handover, open_handover, stop_handover, update_programme
from portal.accounts.joining import join
from portal.accounts.models import Invitation, User
from portal.accounts.roles import role_of
from portal.accounts.services import change_role
from portal.core import jobs
from portal.core.changed import HasChangedError
from sharing.confirming.services import confirm_grant, refuse_grant, switch_confirmation_on
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord, CopyToDestroy, FirstUse, Receipt, SharingGrant, Subscription
from sharing.records.services import record_access
from sharing.requests.services.undoing import undo
from sharing.subscriptions.services import withdraw_subscription
from tests.together import (
    TIMES,
    Call,
    at_once,
    behind,
    happened,
    make_second_manager,
    refusals,
    seen_by_brand,
    signed_in,
)
from tests.world import PASSWORD, World, build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def second_manager(world: World) -> User:
    """Another manager of factory A."""
    return make_second_manager(world)


# --- the second person -----------------------------------------------------------------------------------


@pytest.fixture
def waiting(world: World) -> SharingGrant:
    """A grant of factory A to brand A that waits for the worker representative."""
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    grant = world.grant()
    assert grant.status() == "unconfirmed"
    return grant


def second_person_and_manager(world: World, grant: SharingGrant) -> dict[str, Call]:
    return {
        "confirm": lambda: confirm_grant(by=world.person("representative_a"), grant=grant),
        "revoke": lambda: revoke_access(by=world.person("manager_a"), grant=grant),
    }


@pytest.mark.parametrize("first", ["confirm", "revoke"])
def test_r7_a_revoke_and_the_second_persons_yes_leave_nothing_open(
    world: World, waiting: SharingGrant, first: str
) -> None:
    calls = second_person_and_manager(world, waiting)
    (second,) = set(calls) - {first}
    _done, answer = behind(calls[first], calls[second])
    waiting.refresh_from_db()
    assert waiting.ended_at is not None
    assert (waiting.confirmed_at is not None) == (first == "confirm")
    assert isinstance(answer, ValidationError) == (first == "revoke"), answer
    assert seen_by_brand(world) == set()


@pytest.mark.parametrize("time", TIMES)
def test_r7_the_second_person_against_a_revoke_opens_nothing(world: World, waiting: SharingGrant, time: int) -> None:
    answers = at_once(*second_person_and_manager(world, waiting).values())
    confirmed = 1 - refusals(answers, ValidationError)
    waiting.refresh_from_db()
    assert waiting.ended_at is not None
    assert (waiting.confirmed_at is not None, happened("grant.confirmed")) == (bool(confirmed), confirmed)
    assert Receipt.objects.filter(grant=waiting).count() == 2 + confirmed
    assert seen_by_brand(world) == set()


@pytest.mark.parametrize("time", TIMES)
def test_two_representatives_who_say_yes_and_no_end_in_one_answer(
    world: World, waiting: SharingGrant, time: int
) -> None:
    other = world.person("member_a")
    change_role(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        member=other,
        role="worker_representative",
    )
    answers = at_once(
        lambda: confirm_grant(by=world.person("representative_a"), grant=waiting),
        lambda: refuse_grant(by=other, grant=waiting),
    )
    assert refusals(answers, ValidationError) == 1
    assert happened("grant.confirmed") + happened("grant.refused") == 1
    assert bool(seen_by_brand(world)) == (happened("grant.confirmed") == 1)


def test_a_change_and_the_second_persons_yes_never_confirm_terms_that_nobody_saw(
    world: World, waiting: SharingGrant
) -> None:
    """Who confirms what was changed meanwhile is told to look again; the new terms wait for a yes of their own."""
    wider = Terms(purpose="More than was asked for")
    successor, answer = behind(
        lambda: change_grant(by=world.person("manager_a"), grant=waiting, terms=wider),
        lambda: confirm_grant(by=world.person("representative_a"), grant=waiting),
    )
    assert isinstance(answer, ValidationError)
    assert successor.status() == "unconfirmed"
    assert seen_by_brand(world) == set()


# --- subscriptions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", TIMES)
def test_r6_a_withdrawal_against_a_reader_closes_the_report_for_the_next_read(world: World, time: int) -> None:
    """The read beside it may come first; what is read after it is nothing. Recording beside it leaves one record."""
    by = world.person("programme_manager")
    world.grant(world.brand_b)
    update_programme(by=by, programme=world.cambodia, participants_need_subscription=True)
    bought = world.subscribe(cycle=2)
    read, _, again = at_once(
        lambda: Assessment.objects.visible_to(world.person("brand_b_member")).count(),
        lambda: withdraw_subscription(by=by, subscription=bought, reason="Wrong factory"),
        lambda: world.subscribe(cycle=2),
    )
    assert read in {0, 1}
    counting = Subscription.objects.in_force().count()
    assert counting == (again != bought)
    assert len(seen_by_brand(world, "brand_b_member")) == counting


# --- publication against a hold --------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["publish", "hold"])
def test_a_report_published_while_its_hold_is_made_longer_waits_as_long(world: World, first: str) -> None:
    grant, a3 = world.grant(), world.assessments["a3"]
    terms, manager = Terms(hold_days=7), world.person("manager_a")
    calls: dict[str, Call] = {
        "publish": lambda: take_step(by=world.person("programme_manager"), assessment=a3, name="publish"),
        "hold": lambda: change_grant(by=manager, grant=grant, terms=terms),
    }
    (second,) = set(calls) - {first}
    behind(calls[first], calls[second])
    a3.refresh_from_db()
    assert a3.state == "published"
    assert a3.pk not in seen_by_brand(world)
    assert SharingGrant.objects.get(ended_at=None).hold_days == 7


@pytest.mark.parametrize("time", TIMES)
def test_a_hold_that_is_lifted_while_a_report_is_published_opens_it_once(world: World, time: int) -> None:
    grant, a3 = world.grant(hold_days=7), world.assessments["a3"]
    answers = at_once(
        lambda: take_step(by=world.person("programme_manager"), assessment=a3, name="publish"),
        lambda: change_grant(by=world.person("manager_a"), grant=grant, terms=Terms()),
    )
    assert refusals(answers, ValidationError) == 0
    assert a3.pk in seen_by_brand(world)
    assert SharingGrant.objects.filter(ended_at=None).count() == 1


# --- a handover against the old manager ------------------------------------------------------------------


def handed_over(world: World) -> Handover:
    """Opened by one staff person: the next manager is somebody new."""
    return open_handover(
        by=world.person("team_leader"),
        factory=world.factory_a,
        new_name="Next Manager",
        new_email="next@test.example",
        evidence="A letter of the owner",
    )


def invited(world: World) -> tuple[Handover, Invitation]:
    """Completed by another one, in a country without a time to object: the next manager only has to join."""
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(handover_days=0)
    handover = complete_handover(by=world.person("programme_manager"), handover=handed_over(world))
    return handover, Invitation.objects.get(email="next@test.example")


def test_the_old_manager_shares_nothing_once_a_handover_is_begun(world: World) -> None:
    _done, answer = behind(lambda: handed_over(world), world.grant)
    assert isinstance(answer, ValidationError)
    assert not SharingGrant.objects.exists()


def test_what_was_shared_before_a_handover_began_stays_and_can_be_ended(world: World) -> None:
    grant, handover = behind(world.grant, lambda: handed_over(world))
    assert (grant.status(), handover.status()) == ("live", "objections")
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert seen_by_brand(world) == set()


@pytest.mark.parametrize("time", TIMES)
def test_the_old_manager_shares_nothing_while_the_next_one_joins(world: World, time: int) -> None:
    """Before the next one has joined the handover forbids it, afterwards the role is gone: there is no gap."""
    _handover, invitation = invited(world)
    answers = at_once(
        lambda: join(invitation=invitation, name="Next", password=PASSWORD + "-Xy9"),
        world.grant,
    )
    refused = [answer for answer in answers if isinstance(answer, (PermissionDenied, ValidationError))]
    assert (len(refused), answers[1]) == (1, refused[0])
    assert not SharingGrant.objects.exists()
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == []
    assert role_of(User.objects.get(email="next@test.example"), FACTORY, world.factory_a) == ["manager"]


def test_a_handover_given_up_while_the_next_manager_joins_is_one_of_the_two(world: World) -> None:
    """Neither waits for the other for ever; who comes second is told."""
    handover, invitation = invited(world)
    stopped, answer = behind(
        lambda: stop_handover(by=world.person("team_leader"), handover=handover),
        lambda: join(invitation=invitation, name="Next", password=PASSWORD + "-Xy9"),
    )
    assert stopped.status() == "given_up"
    assert isinstance(answer, PermissionDenied), answer
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == ["manager"]
    assert not User.objects.filter(email="next@test.example").exists()


@pytest.mark.parametrize("time", TIMES)
def test_a_handover_given_up_against_the_next_managers_joining_never_locks_up(world: World, time: int) -> None:
    handover, invitation = invited(world)
    answers = at_once(
        lambda: stop_handover(by=world.person("team_leader"), handover=handover),
        lambda: join(invitation=invitation, name="Next", password=PASSWORD + "-Xy9"),
    )
    refused = [answer for answer in answers if isinstance(answer, (PermissionDenied, ValidationError))]
    assert [answer for answer in answers if isinstance(answer, Exception)] == refused
    assert len(refused) == 1
    handover.refresh_from_db()
    left = role_of(world.person("manager_a"), FACTORY, world.factory_a)
    assert (handover.status(), left) in [("given_up", ["manager"]), ("done", [])]


def test_the_second_person_confirms_nothing_once_a_handover_is_begun(world: World, waiting: SharingGrant) -> None:
    _done, answer = behind(
        lambda: handed_over(world), lambda: confirm_grant(by=world.person("representative_a"), grant=waiting)
    )
    assert isinstance(answer, ValidationError)
    assert seen_by_brand(world) == set()


def test_a_manager_who_was_removed_meanwhile_shares_nothing(world: World, second_manager: User) -> None:
    """Also with other managers left: who waits for the lock is asked for the role once it is free."""
    factory, old = world.factory_a, world.person("manager_a")
    _done, answer = behind(
        lambda: change_role(by=second_manager, kind=FACTORY, organisation=factory, member=old, role="member"),
        world.grant,
    )
    assert isinstance(answer, PermissionDenied)
    assert not SharingGrant.objects.exists()
    assert Factory.objects.where(second_manager, "manage_sharing").exists()


# --- undo, and what a brand reads in the same moment ---------------------------------------------------------


def read_page(world: World) -> int:
    return signed_in(world.person("brand_a_member")).get(f"/assessments/{world.assessments['a2'].pk}/").status_code


def read_list(world: World) -> int:
    rows = signed_in(world.person("brand_a_member")).get("/shared/").context["rows"]
    return 200 if rows else 404


def read_api_list(world: World) -> int:
    rows = signed_in(world.person("brand_a_member")).get("/api/v1/assessments/").json()["results"]
    return 200 if rows else 404


def read_receipt(world: World) -> int:
    number = Receipt.objects.filter(kind="granted").get().number
    return signed_in(world.person("brand_a_member")).get(f"/receipts/{number}/json/").status_code


@pytest.mark.parametrize("first", ["undo", "read"])
@pytest.mark.parametrize("read", [read_page, read_list, read_api_list, read_receipt])
def test_a_read_is_found_by_the_undo_or_refused(world: World, read: Callable[[World], int], first: str) -> None:
    grant = world.grant()
    calls: dict[str, Call] = {
        "undo": lambda: undo(by=world.person("manager_a"), factory=world.factory_a, grants={grant.pk}),
        "read": lambda: read(world),
    }
    (second,) = set(calls) - {first}
    _done, answer = behind(calls[first], calls[second])
    grant.refresh_from_db()
    if first == "undo":
        assert (answer, grant.end_code) == (404, "undone")
        assert not AccessRecord.objects.exists()
    else:
        assert isinstance(answer, HasChangedError)
        assert grant.ended_at is None


@pytest.mark.parametrize("first", ["order", "read"])
def test_a_person_orders_a_file_while_they_read_under_a_grant_that_is_new(world: World, first: str) -> None:
    """Both lock the factory. The record of the read refers to the person, whose orders wait for each other."""
    grant, member, a2 = world.grant(), world.person("brand_a_member"), world.assessments["a2"]
    calls: dict[str, Call] = {
        "order": lambda: order_report(by=member, assessment=a2, scope="report", language="en", format="csv"),
        "read": lambda: record_access(by=member, assessment=a2, openings={"report": grant}, action="view"),
    }
    (second,) = set(calls) - {first}
    answers = behind(calls[first], calls[second])
    assert refusals(list(answers), HasChangedError) == 0
    assert (ReportCopy.objects.count(), AccessRecord.objects.count(), FirstUse.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("first", ["revoke", "download"])
def test_r7_a_download_is_asked_for_by_the_revoke_or_refused(world: World, first: str, time_machine: Any) -> None:
    """Long after the grant, too, when reading takes no lock."""
    time_machine.move_to(timezone.now() - timedelta(hours=1))
    grant, member = world.grant(), world.person("brand_a_member")
    copy = order_report(by=member, assessment=world.assessments["a2"], scope="report", language="en", format="csv")
    jobs.run(copy.job_id)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    copy = ReportCopy.objects.get(pk=copy.pk)
    calls: dict[str, Call] = {
        "revoke": lambda: revoke_access(by=world.person("manager_a"), grant=grant),
        "download": lambda: hand_over(by=member, copy=copy).close(),
    }
    (second,) = set(calls) - {first}
    _done, answer = behind(calls[first], calls[second])
    if first == "revoke":
        assert isinstance(answer, PermissionDenied)
        assert not AccessRecord.objects.exists()
    else:
        assert CopyToDestroy.objects.get().number == copy.number
