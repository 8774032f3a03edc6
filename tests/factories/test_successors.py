"""A manager hands over to a successor: who may, what happens until the successor joins, and what then."""

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.utils import IntegrityError
from django.urls import reverse
from django.utils.translation import override

from factories.models import CountryProgramme
from factories.offices import own_offices
from factories.roles import FACTORY
from portal.accounts.joining import join
from portal.accounts.models import Invitation
from portal.accounts.roles import role_of
from portal.accounts.services import add_member, invite_successor, remove_member, send_again, withdraw_invitation
from portal.core.models import Event
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db


def invited(world: World, email: str = "next@test.example") -> Invitation:
    manager = world.person("manager_a")
    return invite_successor(by=manager, kind=FACTORY, organisation=world.factory_a, email=email, name="Next")


def roles(world: World, persona: str = "manager_a") -> list[str]:
    return role_of(world.person(persona), FACTORY, world.factory_a)


def test_a_manager_hands_over_on_the_factorys_page_and_leaves_when_the_successor_joins(
    world: World, client_of: Any, django_capture_on_commit_callbacks: Any, django_assert_max_num_queries: Any
) -> None:
    grant, manager = world.grant(), client_of(world.person("manager_a"))
    own, page = (reverse(name, args=[world.factory_a.pk]) for name in ("factory", "successor"))
    assert page in manager.get(own).content.decode()
    assert "This cannot be undone" in manager.get(page).content.decode()
    for address in (own, page):
        with django_assert_max_num_queries(15):
            manager.get(address)

    with django_capture_on_commit_callbacks(execute=True):
        sent = manager.post(page, {"name": "Next", "email": "Next@test.example"}, follow=True)
    assert "You leave when they join." in sent.content.decode()
    assert roles(world) == ["manager"]
    assert "hands over the management" in mail.outbox[-1].body
    again = manager.post(page, {"name": "Other", "email": "other@test.example"})
    assert (again.status_code, "Cancel that handover first" in again.content.decode()) == (400, True)

    with django_capture_on_commit_callbacks(execute=True):
        successor = join(invitation=Invitation.objects.get(), name="Next", password=PASSWORD + "-Xy9")
    assert role_of(successor, FACTORY, world.factory_a) == ["manager"]
    assert roles(world) == []
    assert mail.outbox[-1].to == ["manager.a@test.example"]
    assert grant.status() == "live"
    kinds = Event.objects.filter(factory_id=world.factory_a.pk).order_by("-pk").values_list("kind", "data")[:3]
    assert [kind for kind, _data in reversed(kinds)] == ["invitation.sent", "member.joined", "member.removed"]
    assert kinds[2][1]["leaving"] == world.person("manager_a").pk


def test_a_handover_that_is_cancelled_changes_nothing(world: World) -> None:
    invitation = invited(world)
    withdraw_invitation(by=world.person("manager_a"), invitation=invitation, kind=FACTORY)
    with pytest.raises(PermissionDenied):
        join(invitation=invitation, name="Next", password=PASSWORD + "-Xy9")
    assert roles(world) == ["manager"]
    invited(world, "other@test.example")  # and another one can begin


def test_another_manager_can_send_it_again_and_the_first_one_leaves(world: World) -> None:
    second = world.person("member_a")
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=second, role="manager")
    send_again(by=second, kind=FACTORY, organisation=world.factory_a, invitation=invited(world))
    join(invitation=Invitation.objects.get(withdrawn_at=None), name="Next", password=PASSWORD + "-Xy9")
    assert (roles(world), "manager" in roles(world, "member_a")) == ([], True)


def test_a_handover_ends_with_the_role_of_the_manager_who_began_it(world: World) -> None:
    first, second = world.person("manager_a"), world.person("member_a")
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=second, role="manager")
    invitation = invited(world)
    send_again(by=second, kind=FACTORY, organisation=world.factory_a, invitation=invitation)
    remove_member(by=second, kind=FACTORY, organisation=world.factory_a, member=first)
    assert Invitation.objects.get(withdrawn_at=None).leaving is None
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=first, role="manager")
    join(invitation=Invitation.objects.get(withdrawn_at=None), name="Next", password=PASSWORD + "-Xy9")
    assert roles(world) == ["manager"]


def test_only_a_manager_hands_over_and_to_one_new_person_at_a_time(world: World) -> None:
    case: dict[str, Any] = {"kind": FACTORY, "organisation": world.factory_a, "email": "n@test.example", "name": "N"}
    for persona in ("member_a", "team_leader", "manager_b", "brand_a_manager", "outsider"):
        with pytest.raises(PermissionDenied):
            invite_successor(by=world.person(persona), **case)
    manager = world.person("manager_a")
    for email, reason in (
        ("member.a@test.example", "already a member"),
        ("manager.a@test.example", "already a member"),
    ):
        with pytest.raises(ValidationError, match=reason):
            invite_successor(by=manager, **{**case, "email": email})
    first = invited(world)
    with pytest.raises(IntegrityError):  # the database refuses it, too
        Invitation.objects.create(
            **{
                name: getattr(first, name)
                for name in ("kind", "organisation_id", "role", "invited_by", "leaving", "expires_at")
            },
            email="other@test.example",
        )


def test_the_pages_for_the_only_manager_say_why_they_stay_and_what_to_do(world: World, client_of: Any) -> None:
    manager = world.person("manager_a")
    client, people = client_of(manager), reverse("members", args=["factory", world.factory_a.pk])
    remove, role = (
        reverse(name, args=["factory", world.factory_a.pk, manager.pk]) for name in ("member_remove", "member_role")
    )
    listed = client.get(people).content.decode()
    assert remove not in listed
    assert role not in listed
    for address in (remove, role):
        page = client.get(address).content.decode()
        assert "You are the only manager." in page
        assert reverse("successor", args=[world.factory_a.pk]) in page
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=world.person("member_a"), role="manager")
    assert remove in client.get(people).content.decode()
    assert f"Leave {world.factory_a}?" in client.get(remove).content.decode()


def test_the_factorys_people_see_how_to_reach_the_country_office(world: World, client_of: Any) -> None:
    CountryProgramme.objects.filter(pk=world.cambodia.pk).update(
        contact_email="office@kh.example", contact_phone="+855 23 1"
    )
    page = client_of(world.person("member_a")).get(reverse("factory", args=[world.factory_a.pk])).content.decode()
    assert "mailto:office@kh.example" in page
    assert "+855 23 1" in page
    assert [office.phone for office in own_offices(world.person("member_a"))] == ["+855 23 1"]
    assert own_offices(world.person("team_leader")) == []


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("Cambodia", "KH", "Cambodge"),
        ("Better Factories", "KH", "Better Factories"),
        ("Global programme", "", "Programme mondial"),
    ],
)
def test_a_programme_that_is_called_as_its_country_is_named_in_the_readers_language(
    name: str, country: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("factories.models.programmes.gettext", {"Global programme": "Programme mondial"}.__getitem__)
    with override("fr"):
        assert CountryProgramme(name=name, country=country).name_in_words() == expected
