"""Who joins, leaves and signs in at the same moment: invitations, roles, the last manager, one reset link."""

import re

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from brands.roles import BRAND
from factories.roles import FACTORY, PROGRAMME
from factories.services import assign_advisor
from portal.accounts.accepting import accept_invitation
from portal.accounts.joining import accept_as_member, join
from portal.accounts.models import Invitation, User
from portal.accounts.profiles import update_account
from portal.accounts.roles import OrganisationKind, kinds_of, role_of
from portal.accounts.services import change_role, invite, remove_member
from portal.core.models import Event
from tests.together import TIMES, Call, at_once, behind, make_second_manager, refusals, seen_by_brand, signed_in
from tests.world import PASSWORD, World, build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def world() -> World:
    return build_world()


def invited(world: World, by: str, kind: OrganisationKind, organisation: Model, email: str) -> Invitation:
    return invite(by=world.person(by), kind=kind, organisation=organisation, email=email, role="member")[0]


def on_two_sides(world: World, email: str) -> list[Invitation]:
    return [
        invited(world, "manager_a", FACTORY, world.factory_a, email),
        invited(world, "brand_a_manager", BRAND, world.brand_a, email),
    ]


@pytest.mark.parametrize("time", TIMES)
def test_invitations_of_two_sides_accepted_at_once_leave_one_side(world: World, time: int) -> None:
    person = world.person("outsider")
    calls = [
        lambda one=one: accept_as_member(invitation=one, by=User.objects.get(pk=person.pk))
        for one in on_two_sides(world, person.email)
    ]
    answers = at_once(*calls)
    assert refusals(answers, PermissionDenied) == 1
    assert len(kinds_of(User.objects.get(pk=person.pk))) == 1


def test_who_waits_behind_an_accepted_invitation_is_on_that_side(world: World) -> None:
    person = world.person("outsider")
    first, second = on_two_sides(world, person.email)
    _joined, late = behind(
        lambda: accept_as_member(invitation=first, by=User.objects.get(pk=person.pk)),
        lambda: accept_as_member(invitation=second, by=User.objects.get(pk=person.pk)),
    )
    assert isinstance(late, PermissionDenied)
    assert kinds_of(User.objects.get(pk=person.pk)) == {"factory"}


@pytest.mark.parametrize("time", TIMES)
def test_an_account_that_two_invitations_begin_at_once_begins_once(world: World, time: int) -> None:
    """Whoever comes second is told that the address has an account, and signs in to accept the other one."""
    email = "new@test.example"
    calls = [lambda one=one: join(invitation=one, name="New", password=PASSWORD) for one in on_two_sides(world, email)]
    answers = at_once(*calls)
    assert refusals(answers, PermissionDenied) == 1
    [person] = User.objects.filter(email=email)
    assert len(kinds_of(person)) == 1


@pytest.mark.parametrize("time", TIMES)
def test_decision_17_of_two_managers_invited_by_staff_at_once_one_joins(world: World, time: int) -> None:
    User.objects.filter(pk=world.person("manager_a").pk).update(is_active=False)
    calls = []
    for number in (1, 2):
        terms = {"kind": FACTORY, "organisation": world.factory_a, "role": "manager"}
        one, _link = invite(by=world.person("team_leader"), email=f"boss{number}@test.example", **terms)
        calls.append(lambda one=one: join(invitation=one, name="Boss", password=PASSWORD))
    assert refusals(at_once(*calls), PermissionDenied) == 1
    assert managers(world) == 1


# --- nobody is on two sides: operators, advisors ----------------------------------------------------------


def test_decision_17_an_account_that_joins_meanwhile_is_made_no_operators(world: World) -> None:
    person, operator = world.person("outsider"), world.person("operator")
    invitation = invited(world, "manager_a", FACTORY, world.factory_a, person.email)
    _joined, late = behind(
        lambda: accept_as_member(invitation=invitation, by=person),
        lambda: update_account(by=operator, account=person, is_staff=True),
    )
    assert isinstance(late, ValidationError), late
    assert not User.objects.get(pk=person.pk).is_staff


def test_decision_17_an_account_that_is_made_an_operators_meanwhile_joins_nothing(world: World) -> None:
    person, operator = world.person("outsider"), world.person("operator")
    invitation = invited(world, "manager_a", FACTORY, world.factory_a, person.email)
    _made, late = behind(
        lambda: update_account(by=operator, account=person, is_superuser=True),
        lambda: accept_as_member(invitation=invitation, by=person),
    )
    assert isinstance(late, PermissionDenied), late
    assert kinds_of(person) == set()


def ends_and_begins(world: World) -> tuple[Call, Call]:
    """Two calls: an advisor leaves the country's staff; the same one is assigned to factory B."""
    manager, advisor = world.person("programme_manager"), world.person("advisor")
    return (
        lambda: remove_member(by=manager, kind=PROGRAMME, organisation=world.cambodia, member=advisor),
        lambda: assign_advisor(by=manager, factory=world.factory_b, advisor=advisor),
    )


def test_an_advisor_who_is_removed_meanwhile_is_assigned_nothing(world: World) -> None:
    _removed, late = behind(*ends_and_begins(world))
    assert isinstance(late, ValidationError), late
    assert kinds_of(world.person("advisor")) == set()


def test_an_advisor_who_is_removed_loses_what_was_assigned_meanwhile(world: World) -> None:
    remove, assign = ends_and_begins(world)
    assert behind(assign, remove) == (None, None)
    assert kinds_of(world.person("advisor")) == set()


@pytest.mark.parametrize("time", TIMES)
def test_an_advisor_removed_and_assigned_at_once_keeps_nothing(world: World, time: int) -> None:
    assert refusals(at_once(*ends_and_begins(world)), ValidationError) <= 1
    assert kinds_of(world.person("advisor")) == set()


# --- who manages a factory, and who is in a brand ---------------------------------------------------------


def managers(world: World) -> int:
    """How many people manage factory A."""
    return FACTORY.group(world.factory_a, "manager").user_set.filter(is_active=True).count()  # type: ignore[attr-defined]


@pytest.fixture
def two_managers(world: World) -> World:
    make_second_manager(world)
    assert managers(world) == 2
    return world


@pytest.mark.parametrize("time", TIMES)
def test_two_managers_who_remove_each_other_leave_one(two_managers: World, time: int) -> None:
    world = two_managers

    def remove(by: str, member: str) -> None:
        remove_member(by=world.person(by), kind=FACTORY, organisation=world.factory_a, member=world.person(member))

    answers = at_once(lambda: remove("manager_a", "member_a"), lambda: remove("member_a", "manager_a"))
    assert managers(world) == 1
    assert sum(isinstance(answer, (PermissionDenied, ValidationError)) for answer in answers) == 1


@pytest.mark.parametrize("time", TIMES)
def test_two_managers_who_both_step_down_leave_one(two_managers: World, time: int) -> None:
    world = two_managers

    def step_down(name: str) -> None:
        me = world.person(name)
        change_role(by=me, kind=FACTORY, organisation=world.factory_a, member=me, role="member")

    answers = at_once(lambda: step_down("manager_a"), lambda: step_down("member_a"))
    assert managers(world) == 1
    assert refusals(answers, ValidationError) == 1


def test_somebody_removed_meanwhile_decides_nothing_any_more(two_managers: World) -> None:
    """A manager is removed while their own removal of the other waits behind it."""
    world = two_managers

    def remove(by: str, member: str) -> None:
        remove_member(by=world.person(by), kind=FACTORY, organisation=world.factory_a, member=world.person(member))

    _done, answer = behind(lambda: remove("manager_a", "member_a"), lambda: remove("member_a", "manager_a"))
    assert isinstance(answer, (PermissionDenied, ValidationError))
    assert role_of(world.person("manager_a"), FACTORY, world.factory_a) == ["manager"]


@pytest.mark.parametrize("act", ["remove", "change_role", "invite"])
def test_somebody_removed_meanwhile_decides_nothing_with_other_managers_left_either(
    two_managers: World, act: str
) -> None:
    """The right is asked once the lock is free: an invitation of theirs would bring a stranger in."""
    world, ids = two_managers, {"kind": FACTORY, "organisation": two_managers.factory_a}
    first, removed, third = (world.person(name) for name in ("manager_a", "member_a", "representative_a"))
    change_role(by=first, member=third, role="manager", **ids)
    acts = {
        "remove": lambda: remove_member(by=removed, member=first, **ids),
        "change_role": lambda: change_role(by=removed, member=first, role="member", **ids),
        "invite": lambda: invite(by=removed, email="stranger@test.example", role="manager", **ids),
    }
    _done, answer = behind(lambda: remove_member(by=first, member=removed, **ids), acts[act])
    assert isinstance(answer, PermissionDenied), answer
    assert role_of(first, FACTORY, world.factory_a) == ["manager"]
    assert not Invitation.objects.exists()


def test_an_invitation_is_accepted_once(world: World) -> None:
    person = world.person("outsider")
    inviting = signed_in(world.person("brand_a_manager"))
    inviting.post(reverse("member_invite", args=["brand", world.brand_a.pk]), {"email": person.email, "role": "member"})
    invitation = Invitation.objects.get(email=person.email)
    answers = at_once(*[lambda: accept_invitation(invitation=invitation, by=person, kind=BRAND)] * 3)
    assert refusals(answers, PermissionDenied) == 2
    assert role_of(person, BRAND, world.brand_a) == ["member"]
    assert Event.objects.filter(kind="member.joined", actor=person).count() == 1


def test_a_member_removed_from_the_brand_while_reading_is_out_on_the_next_question(world: World) -> None:
    world.grant()
    member = world.person("brand_a_member")
    lock_held, answer = behind(
        lambda: remove_member(
            by=world.person("brand_a_manager"), kind=BRAND, organisation=world.brand_a, member=member
        ),
        lambda: change_role(
            by=world.person("brand_a_manager"), kind=BRAND, organisation=world.brand_a, member=member, role="manager"
        ),
    )
    assert lock_held is None
    assert isinstance(answer, ValidationError)
    assert seen_by_brand(world) == set()


# --- one link, many readers -------------------------------------------------------------------------------


@pytest.mark.parametrize("time", TIMES)
def test_one_reset_link_used_by_six_at_once_sets_one_password(world: World, time: int) -> None:
    email = "manager.a@test.example"
    Client().post(reverse("account_reset_password"), {"email": email})
    found = re.search(r"http://testserver(\S+/password/reset/key/\S+)", mail.outbox[-1].body)
    assert found
    browsers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(1, 7)]
    pages = [browser.get(found.group(1)).headers["Location"] for browser in browsers]
    words = [f"a-loom-in-the-mist-{number}" for number in range(6)]
    answers = at_once(
        *[
            lambda browser=browser, page=page, word=word: browser.post(page, {"password1": word, "password2": word})
            for browser, page, word in zip(browsers, pages, words, strict=True)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [302]
    winner = [answer.status_code for answer in answers].index(302)
    assert User.objects.get(email=email).check_password(words[winner])
    assert all("no longer works" in one.content.decode() for one in answers if one.status_code == 200)
