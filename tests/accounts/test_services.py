"""The verbs about people refuse whoever may not, write their event, and hold under concurrency."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection

from brands.roles import BRAND
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.accepting import accept_invitation, find_invitation
from portal.accounts.joining import accept_as_member, join
from portal.accounts.models import ApiToken, Invitation, User
from portal.accounts.profiles import update_account
from portal.accounts.roles import role_of
from portal.accounts.services import (
    add_member,
    change_role,
    create_integration_token,
    invite,
    remove_member,
    revoke_token,
    withdraw_invitation,
)
from portal.core.models import Event
from tests.world import World

MANAGES = {
    "factory": {"manager_a"},
    "brand": {"brand_a_manager"},
    "programme": {"programme_manager", "global_staff"},
}


def of(world: World, name: str):
    return {
        "factory": (FACTORY, world.factory_a, "member_a"),
        "brand": (BRAND, world.brand_a, "brand_a_member"),
        "programme": (PROGRAMME, world.cambodia, "team_leader"),
    }[name]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["factory", "brand", "programme"])
def test_only_those_who_manage_an_organisation_change_its_people(world: World, name):
    kind, organisation, member = of(world, name)
    manager = world.person(next(iter(MANAGES[name])))
    role = next(iter(kind.invitable_roles(organisation)))
    invitation, _link = invite(by=manager, kind=kind, organisation=organisation, email="a@test.example", role=role)
    before = Event.objects.count()
    for persona, person in world.people.items():
        if person is None or persona in MANAGES[name]:
            continue
        where = {"by": person, "kind": kind, "organisation": organisation}
        with pytest.raises(PermissionDenied):
            invite(**where, email="b@test.example", role=role)
        with pytest.raises(PermissionDenied):
            change_role(**where, member=world.person(member), role=role)
        with pytest.raises(PermissionDenied):
            remove_member(**where, member=world.person(member))
        with pytest.raises(PermissionDenied):
            withdraw_invitation(by=person, invitation=invitation, kind=kind)
    assert Event.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("persona", ["brand_a_member", "brand_b_manager", "manager_a", "programme_manager", "inactive"])
def test_only_a_brands_managers_make_and_revoke_its_tokens(world: World, persona):
    where = {"kind": BRAND, "organisation": world.brand_a}
    terms = {"name": "T", "roles": ["integration_report"], "days": 1}
    token, _secret = create_integration_token(by=world.person("brand_a_manager"), **where, **terms)

    with pytest.raises(PermissionDenied):
        create_integration_token(by=world.person(persona), **where, **terms)
    with pytest.raises(PermissionDenied):
        revoke_token(by=world.person(persona), **where, token=token)
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db
def test_a_token_is_revoked_only_through_its_own_brand(world: World):
    token, _secret = create_integration_token(
        by=world.person("brand_a_manager"),
        kind=BRAND,
        organisation=world.brand_a,
        name="T",
        roles=["integration_report"],
        days=1,
    )

    with pytest.raises(PermissionDenied):
        revoke_token(by=world.person("brand_b_manager"), kind=BRAND, organisation=world.brand_b, token=token)
    assert ApiToken.objects.exists()


@pytest.mark.django_db
def test_an_invitation_is_for_its_address_alone(world: World):
    invitation, link = invite(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        email="Outsider@Test.example",
        role="member",
    )
    secret = link.rstrip("/").rsplit("/", 1)[1]

    assert find_invitation(invitation.pk, secret) == invitation
    assert find_invitation(invitation.pk, secret + "x") is None
    with pytest.raises(PermissionDenied):
        accept_invitation(invitation=invitation, by=world.person("member_a"), kind=FACTORY)
    with pytest.raises(PermissionDenied):
        join(invitation=invitation, name="X", password="a-loom-in-the-morning")
    accept_as_member(invitation=invitation, by=world.person("outsider"))
    with pytest.raises(PermissionDenied):
        accept_as_member(invitation=invitation, by=world.person("outsider"))
    assert find_invitation(invitation.pk, secret) is None
    assert Event.objects.filter(kind="member.joined", subject=str(world.person("outsider").pk)).count() == 1


@pytest.mark.django_db
def test_no_event_holds_an_address_or_a_secret(world: World):
    manager = world.person("manager_a")
    _invitation, link = invite(
        by=manager, kind=FACTORY, organisation=world.factory_a, email="new@test.example", role="member"
    )
    secret = link.rstrip("/").rsplit("/", 1)[1]

    for event in Event.objects.all():
        text = f"{event.kind} {event.subject} {event.data}"
        assert "@" not in text
        assert secret not in text


@pytest.mark.django_db
def test_who_is_no_member_has_no_role_to_change(world: World):
    where = {"by": world.person("manager_a"), "kind": FACTORY, "organisation": world.factory_a}

    with pytest.raises(ValidationError, match="not a member"):
        change_role(**where, member=world.person("outsider"), role="member")
    with pytest.raises(ValidationError, match="not a member"):
        remove_member(**where, member=world.person("manager_b"))


@pytest.fixture
def no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail of an invitation is not what the test is about."""
    monkeypatch.setattr("portal.accounts.services._send_invitation", lambda *_: None)


def at_once(*calls):
    """Run each call on a connection of its own, all starting together; the results or the errors."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(10)
            return call()
        except (PermissionDenied, ValidationError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_managers_who_remove_each_other_leave_one(world: World):
    first, second = world.person("manager_a"), world.person("member_a")
    where = {"kind": FACTORY, "organisation": world.factory_a}
    change_role(by=first, **where, member=second, role="manager")

    results = at_once(
        lambda: remove_member(by=first, **where, member=second),
        lambda: remove_member(by=second, **where, member=first),
    )

    left = [person for person in (first, second) if role_of(person, FACTORY, world.factory_a)]
    assert len(left) == 1
    assert sum(isinstance(result, Exception) for result in results) == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_answers_to_one_invitation_make_one_account(world: World, no_mail):
    invitation, _link = invite(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        email="new@test.example",
        role="member",
    )

    def answer(name: str):
        return lambda: join(invitation=invitation, name=name, password="a-loom-in-the-morning")

    results = at_once(answer("One"), answer("Two"))

    assert User.objects.filter(email="new@test.example").count() == 1
    assert sum(isinstance(result, PermissionDenied) for result in results) == 1
    assert Event.objects.filter(kind="member.joined", data__invited_by=world.person("manager_a").pk).count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_invitations_of_one_address_leave_one_open(world: World, no_mail):
    def send(persona: str):
        return lambda: invite(
            by=world.person(persona),
            kind=FACTORY,
            organisation=world.factory_a,
            email="new@test.example",
            role="member",
        )

    change_role(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        member=world.person("member_a"),
        role="manager",
    )
    at_once(send("manager_a"), send("member_a"))

    assert Invitation.objects.filter(withdrawn_at=None, accepted_at=None).count() == 1


@pytest.mark.django_db
def test_add_member_is_written_down(world: World):
    person = world.person("outsider")

    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=person, role="member")

    assert Event.objects.get(kind="member.joined", subject=str(person.pk)).factory_id == world.factory_a.pk


STAFF_OF = {"factory": ["team_leader", "programme_manager", "global_staff"], "brand": ["global_staff"]}
MANAGER_OF = {"factory": "manager_a", "brand": "brand_a_manager"}


def leave_without_manager(world: World, name: str) -> None:
    """The organisation's only manager loses their account."""
    User.objects.filter(pk=world.person(MANAGER_OF[name]).pk).update(is_active=False)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "persona"), [(name, one) for name in STAFF_OF for one in STAFF_OF[name]])
def test_staff_invite_only_while_there_is_no_active_manager(world: World, name, persona):
    kind, organisation, _member = of(world, name)
    terms = {"by": world.person(persona), "kind": kind, "organisation": organisation, "role": "manager"}

    with pytest.raises(PermissionDenied):
        invite(**terms, email="boss@test.example")
    leave_without_manager(world, name)
    invitation, _link = invite(**terms, email="boss@test.example")

    assert invitation.is_open


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["factory", "brand"])
def test_staff_of_another_country_or_kind_never_invite(world: World, name):
    kind, organisation, _member = of(world, name)
    leave_without_manager(world, name)

    for persona in ("vietnam_manager", "advisor", "constituent", "brand_b_manager", "manager_b"):
        with pytest.raises(PermissionDenied):
            invite(
                by=world.person(persona), kind=kind, organisation=organisation, email="x@test.example", role="manager"
            )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("persona", "name"),
    [
        ("team_leader", "factory"),
        ("programme_manager", "factory"),
        ("global_staff", "factory"),
        ("brand_b_manager", "factory"),
        ("global_staff", "brand"),
        ("manager_b", "brand"),
        ("manager_b", "programme"),
        ("brand_b_member", "programme"),
    ],
)
def test_nobody_joins_a_second_side(world: World, persona, name):
    kind, organisation, _member = of(world, name)
    by = world.person("programme_manager") if name == "programme" else world.person(MANAGER_OF[name])
    person, role = world.person(persona), next(iter(kind.invitable_roles(organisation)))
    invitation, _link = invite(by=by, kind=kind, organisation=organisation, email=person.email, role=role)

    with pytest.raises(PermissionDenied, match="another kind of organisation"):
        accept_invitation(invitation=invitation, by=person, kind=kind)

    invitation.refresh_from_db()
    assert invitation.is_open
    assert role_of(person, kind, organisation) == []


@pytest.mark.django_db
def test_a_person_joins_a_second_organisation_of_their_own_kind(world: World):
    person = world.person("manager_b")
    invitation, _link = invite(
        by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, email=person.email, role="member"
    )

    accept_invitation(invitation=invitation, by=person, kind=FACTORY)

    assert role_of(person, FACTORY, world.factory_a) == ["member"]


# --- an invitation is valid only as long as its sender may invite ---------------------------------------------------


def sent(world: World, name: str, by: str, email: str = "new@test.example", role: str = "manager") -> Invitation:
    kind, organisation, _member = of(world, name)
    return invite(by=world.person(by), kind=kind, organisation=organisation, email=email, role=role)[0]


def lets_nobody_in(invitation: Invitation) -> None:
    with pytest.raises(PermissionDenied, match="can no longer invite"):
        join(invitation=invitation, name="New", password="a-loom-in-the-morning")
    assert not User.objects.filter(email=invitation.email).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "persona"), [(name, one) for name in STAFF_OF for one in STAFF_OF[name]])
def test_decision_17_staff_bring_in_one_manager_however_many_they_invited(world: World, name: str, persona: str):
    leave_without_manager(world, name)
    first, second = (sent(world, name, persona, f"boss{number}@test.example") for number in (1, 2))

    join(invitation=first, name="First", password="a-loom-in-the-morning")

    lets_nobody_in(second)


@pytest.mark.django_db
def test_decision_17_who_left_the_staff_brings_nobody_into_a_factory(world: World):
    leave_without_manager(world, "factory")
    invitation = sent(world, "factory", "team_leader")

    remove_member(
        by=world.person("programme_manager"),
        kind=PROGRAMME,
        organisation=world.cambodia,
        member=world.person("team_leader"),
    )

    lets_nobody_in(invitation)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["factory", "brand", "programme"])
def test_decision_17_a_closed_account_brings_nobody_in(world: World, name: str):
    sender = next(iter(sorted(MANAGES[name])))
    role = "team_leader" if name == "programme" else "member"
    invitation = sent(world, name, sender, role=role)

    update_account(by=world.person("operator"), account=world.person(sender), is_active=False)

    lets_nobody_in(invitation)


@pytest.mark.django_db
def test_decision_17_an_assigned_advisor_is_of_the_programmes_side(world: World):
    """Also where the role in the programme is gone and the assignment is not."""
    advisor = world.person("advisor")
    PROGRAMME.group(world.cambodia, "enterprise_advisor").user_set.remove(advisor)
    invitation = sent(world, "brand", "brand_a_manager", advisor.email, "member")

    with pytest.raises(PermissionDenied, match="another kind of organisation"):
        accept_invitation(invitation=invitation, by=advisor, kind=BRAND)
