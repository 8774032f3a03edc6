"""Who joins at the same moment: two invitations of one person, whichever is accepted first."""

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Model

from brands.roles import BRAND
from factories.roles import FACTORY
from portal.accounts.joining import accept_as_member, join
from portal.accounts.models import Invitation, User
from portal.accounts.roles import OrganisationKind, kinds_of
from portal.accounts.services import invite
from tests.together import TIMES, at_once, behind, refusals
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
