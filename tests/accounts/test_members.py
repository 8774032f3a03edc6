"""The people of an organisation: who sees them, who changes them."""

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from factories.roles import FACTORY
from portal.accounts.models import Invitation, User
from portal.accounts.roles import kinds, members, role_of
from portal.accounts.services import add_member, invite
from portal.core.mails import send_waiting
from portal.core.models import Event
from tests.world import World

pytestmark = pytest.mark.django_db


def address(world: World, kind: str = "factory", organisation: object = None, name: str = "members", **more) -> str:
    organisation = organisation or world.factory_a
    return reverse(name, kwargs={"kind": kind, "organisation_id": organisation.pk, **more})  # type: ignore[attr-defined]


def invited(world: World, email: str = "new@test.example", role: str = "member") -> Invitation:
    invitation, _link = invite(
        by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, email=email, role=role
    )
    return invitation


@pytest.mark.parametrize(
    ("persona", "kind", "organisation", "status"),
    [
        ("manager_a", "factory", "factory_a", 200),
        ("member_a", "factory", "factory_a", 200),
        ("advisor", "factory", "factory_a", 200),
        ("team_leader", "factory", "factory_a", 200),
        ("global_staff", "factory", "factory_a", 200),
        ("team_leader", "factory", "factory_vn", 404),
        ("vietnam_manager", "factory", "factory_vn", 200),
        ("manager_b", "factory", "factory_a", 404),
        ("vietnam_manager", "factory", "factory_a", 404),
        ("brand_a_manager", "factory", "factory_a", 404),
        ("constituent", "factory", "factory_a", 404),
        ("outsider", "factory", "factory_a", 404),
        ("operator", "factory", "factory_a", 404),
        ("brand_a_member", "brand", "brand_a", 200),
        ("brand_b_manager", "brand", "brand_a", 404),
        ("manager_a", "brand", "brand_a", 403),
        ("programme_manager", "brand", "brand_a", 403),
        ("global_staff", "brand", "brand_a", 200),
        ("programme_manager", "programme", "cambodia", 200),
        ("advisor", "programme", "cambodia", 200),
        ("global_staff", "programme", "cambodia", 200),
        ("constituent", "programme", "cambodia", 403),
        ("vietnam_manager", "programme", "cambodia", 404),
        ("manager_a", "programme", "cambodia", 404),
        ("programme_manager", "programme", "global_programme", 404),
    ],
)
def test_who_sees_the_people_of_an_organisation(world, client_of, persona, kind, organisation, status):
    client = client_of(world.people[persona])

    assert client.get(address(world, kind, getattr(world, organisation))).status_code == status


def test_the_visitor_must_sign_in(world, client_of):
    assert client_of(None).get(address(world)).status_code == 302


def test_an_unknown_kind_or_a_number_too_large_is_not_found(world, client_of):
    client = client_of(world.person("global_staff"))

    assert client.get("/people/planet/1/").status_code == 404
    assert client.get("/people/factory/99999999999999999999999/").status_code == 404
    assert client.get("/people/factory/0/").status_code == 404


def test_colleagues_see_names_and_only_the_manager_sees_addresses_and_invitations(world, client_of):
    invited(world)

    seen = client_of(world.person("member_a")).get(address(world)).content.decode()
    managed = client_of(world.person("manager_a")).get(address(world)).content.decode()

    assert "Manager A" in seen
    assert "manager.a@test.example" not in seen
    assert "new@test.example" not in seen
    assert "manager.a@test.example" in managed
    assert "new@test.example" in managed


def test_the_list_takes_the_same_queries_however_many_members(world, client_of):
    client = client_of(world.person("manager_a"))
    invited(world)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(address(world))
        return len(captured)

    before = queries()
    for number in range(30):
        person = User.objects.create_user(f"m{number}@test.example", name=f"M {number}")
        add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=person, role="member")
        invited(world, f"i{number}@test.example")
    assert queries() == before <= 11


def test_the_list_has_pages(world, client_of):
    client = client_of(world.person("manager_a"))
    for number in range(30):
        person = User.objects.create_user(f"m{number}@test.example", name=f"A {number:02}")
        add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=person, role="member")

    first = client.get(address(world))
    second = client.get(address(world), {"cursor": first.context["page"].next_cursor})
    tampered = client.get(address(world), {"cursor": "nonsense\x00"})

    names = [row["member"].pk for page in (first, second) for row in page.context["rows"]]
    assert len(names) == len(set(names)) == members(FACTORY, world.factory_a).count()
    assert tampered.status_code == 200


def test_a_manager_invites_by_mail_and_never_sees_the_link(world, client_of, mails_leave_at_once):
    client = client_of(world.person("manager_a"))

    response = client.post(
        address(world, name="member_invite"),
        {"email": "New@Test.example", "name": "New", "role": "member"},
        follow=True,
    )

    assert response.status_code == 200
    assert "invitation is on its way to New@Test.example" in response.content.decode()
    assert [message.to for message in mail.outbox] == [["new@test.example"]]
    assert "/invitations/" in mail.outbox[0].body
    assert world.factory_a.name in mail.outbox[0].subject
    secret = mail.outbox[0].body.split("/invitations/")[1].split("/")[1]
    assert secret not in response.content.decode()
    assert Event.objects.filter(kind="invitation.sent", factory_id=world.factory_a.pk).count() == 1


def test_a_mail_server_that_is_away_loses_no_invitation(world, client_of, mail_server_away, mails_leave_at_once):
    client = client_of(world.person("manager_a"))
    with mail_server_away:
        response = client.post(
            address(world, name="member_invite"), {"email": "new@test.example", "role": "member"}, follow=True
        )
    assert "invitation is on its way to new@test.example" in response.content.decode()
    assert mail.outbox == []

    assert send_waiting() == 1
    assert [message.to for message in mail.outbox] == [["new@test.example"]]
    assert "/invitations/" in mail.outbox[0].body


@pytest.mark.parametrize("persona", ["member_a", "advisor"])
def test_members_who_do_not_manage_are_forbidden(world, client_of, persona):
    client = client_of(world.person(persona))
    invitation = invited(world)
    manager = world.person("manager_a")

    assert client.get(address(world, name="member_invite")).status_code == 403
    assert client.post(address(world, name="member_invite"), {"email": "x@y.example"}).status_code == 403
    for name in ("invitation_resend", "invitation_withdraw"):
        assert client.post(address(world, name=name, invitation_id=invitation.pk)).status_code == 403
    for name in ("member_role", "member_remove"):
        assert client.post(address(world, name=name, member_id=manager.pk), {"role": "member"}).status_code == 403
    assert role_of(manager, FACTORY, world.factory_a) == ["manager"]


@pytest.mark.parametrize("persona", ["manager_b", "brand_a_manager", "vietnam_manager", "outsider"])
def test_strangers_find_nothing(world, client_of, persona):
    client = client_of(world.person(persona))
    invitation = invited(world)

    assert client.post(address(world, name="member_invite"), {"email": "x@y.example"}).status_code == 404
    withdraw = address(world, name="invitation_withdraw", invitation_id=invitation.pk)
    assert client.post(withdraw).status_code == 404
    invitation.refresh_from_db()
    assert invitation.withdrawn_at is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"email": "not an address", "role": "member"},
        {"email": "new@test.example"},
        {"email": "new@test.example", "role": "advisor"},
        {"email": "new@test.example", "role": "global_staff"},
        {"email": "new@test.example", "role": "member", "name": "x" * 10_000},
        {"email": "new@test.example", "role": "member", "name": "a\x00b"},
        {"email": "new\x00@test.example", "role": "member"},
        {"email": "member.a@test.example", "role": "manager"},
    ],
)
def test_a_bad_invitation_is_refused_with_a_reason(world, client_of, data):
    response = client_of(world.person("manager_a")).post(address(world, name="member_invite"), data)

    assert response.status_code == 400
    assert response.context["form"].errors
    assert "Nothing was saved" in response.content.decode()
    assert not Invitation.objects.exists()


def test_inviting_twice_leaves_one_open_invitation(world, client_of):
    client = client_of(world.person("manager_a"))
    for _time in range(2):
        client.post(address(world, name="member_invite"), {"email": "new@test.example", "role": "member"})

    assert Invitation.objects.count() == 2
    assert Invitation.objects.filter(withdrawn_at=None).count() == 1


def test_a_manager_who_was_invited_is_waited_for_in_place_of_the_advice_to_invite_one(world, client_of):
    manager = client_of(world.person("manager_a"))
    pages = [address(world), reverse("factory", args=[world.factory_a.pk])]
    for page in pages:
        assert "Invite a second manager" in manager.get(page).content.decode()
    invited(world, email="second@test.example", role="manager")
    for page in pages:
        shown = manager.get(page).content.decode()
        assert "Waiting: second@test.example has not joined yet" in shown
        assert "Invite a second manager" not in shown
        assert ("Send again" in shown, "Withdraw" in shown) == (True, True)


def test_r54_the_days_of_invitations_are_the_factorys(world, client_of):
    invitation = invited(world)
    Invitation.objects.filter(pk=invitation.pk).update(created_at=datetime(2026, 11, 30, 20, tzinfo=UTC))
    assert "1 Dec 2026" in client_of(world.person("manager_a")).get(address(world)).content.decode()


def test_sending_again_replaces_the_link_even_of_an_expired_invitation(world, client_of):
    old = invited(world)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))

    response = client_of(world.person("manager_a")).post(
        address(world, name="invitation_resend", invitation_id=old.pk), follow=True
    )

    old.refresh_from_db()
    assert response.status_code == 200
    assert old.withdrawn_at is not None
    assert Invitation.objects.get(withdrawn_at=None).is_open


def test_a_withdrawn_invitation_is_over_and_a_second_click_finds_nothing(world, client_of):
    invitation = invited(world)
    client = client_of(world.person("manager_a"))
    withdraw = address(world, name="invitation_withdraw", invitation_id=invitation.pk)

    assert client.post(withdraw).status_code == 302
    assert client.post(withdraw).status_code == 404
    invitation.refresh_from_db()
    assert not invitation.is_open


def test_an_invitation_of_another_organisation_is_not_found_through_ones_own(world, client_of):
    invitation = invited(world)
    client = client_of(world.person("manager_b"))

    for name in ("invitation_resend", "invitation_withdraw"):
        own = address(world, organisation=world.factory_b, name=name, invitation_id=invitation.pk)
        assert client.post(own).status_code == 404
    invitation.refresh_from_db()
    assert invitation.is_open


def test_links_that_change_something_refuse_get(world, client_of):
    invitation = invited(world)
    client = client_of(world.person("manager_a"))

    assert client.get(address(world, name="invitation_resend", invitation_id=invitation.pk)).status_code == 405


def test_a_manager_changes_a_role(world, client_of):
    member = world.person("member_a")
    client = client_of(world.person("manager_a"))
    change = address(world, name="member_role", member_id=member.pk)

    held = client.get(change).context["form"].initial["held"]
    response = client.post(change, {"role": "manager", "held": held})

    assert response.status_code == 302
    assert role_of(member, FACTORY, world.factory_a) == ["manager"]
    assert Event.objects.filter(kind="member.role_changed", subject=str(member.pk)).count() == 1


def test_a_page_opened_before_another_change_changes_nothing(world, client_of):
    member = world.person("member_a")
    client = client_of(world.person("manager_a"))
    change = address(world, name="member_role", member_id=member.pk)
    client.post(change, {"role": "manager", "held": "member"})

    response = client.post(change, {"role": "member", "held": "member"})

    assert response.status_code == 409
    assert "has since changed" in response.content.decode()
    assert role_of(member, FACTORY, world.factory_a) == ["manager"]


@pytest.mark.parametrize("data", [{}, {"role": "global_staff", "held": "member"}, {"role": "\x00", "held": "member"}])
def test_a_role_that_does_not_exist_is_refused(world, client_of, data):
    member = world.person("member_a")

    response = client_of(world.person("manager_a")).post(address(world, name="member_role", member_id=member.pk), data)

    assert response.status_code in {400, 409}
    assert role_of(member, FACTORY, world.factory_a) == ["member"]


def test_removal_asks_first_and_names_the_organisation(world, client_of):
    member = world.person("member_a")
    client = client_of(world.person("manager_a"))
    remove = address(world, name="member_remove", member_id=member.pk)

    asked = client.get(remove).content.decode()
    assert role_of(member, FACTORY, world.factory_a) == ["member"]
    client.post(remove)

    assert f"Remove {member} from {world.factory_a}?" in asked
    assert role_of(member, FACTORY, world.factory_a) == []
    assert client_of(member).get(address(world)).status_code == 404
    assert client.post(remove).status_code == 404


@pytest.mark.parametrize("name", ["member_remove", "member_role"])
def test_the_last_manager_stays(world, client_of, name):
    manager = world.person("manager_a")

    response = client_of(manager).post(
        address(world, name=name, member_id=manager.pk), {"role": "member", "held": "manager"}
    )

    assert response.status_code == 400
    assert "This is the last manager" in response.content.decode()
    assert role_of(manager, FACTORY, world.factory_a) == ["manager"]


def test_a_manager_who_removes_themselves_lands_on_a_page_they_may_see(world, client_of):
    manager, member = world.person("manager_a"), world.person("member_a")
    client = client_of(manager)
    client.post(address(world, name="member_role", member_id=member.pk), {"role": "manager", "held": "member"})

    response = client.post(address(world, name="member_remove", member_id=manager.pk))

    assert response.url == reverse("home")


def test_people_of_other_organisations_cannot_be_changed_through_ones_own(world, client_of):
    stranger = world.person("manager_b")
    client = client_of(world.person("manager_a"))

    for name in ("member_role", "member_remove"):
        url = address(world, name=name, member_id=stranger.pk)
        assert client.get(url).status_code == 404
        assert client.post(url, {"role": "member", "held": "manager"}).status_code == 404
    assert role_of(stranger, FACTORY, world.factory_b) == ["manager"]


def test_an_assigned_advisor_is_not_the_factory_managers_to_remove(world, client_of):
    advisor = world.person("advisor")
    client = client_of(world.person("manager_a"))

    assert client.post(address(world, name="member_remove", member_id=advisor.pk)).status_code == 403
    response = client.post(
        address(world, name="member_role", member_id=advisor.pk), {"role": "manager", "held": "advisor"}
    )
    assert response.status_code == 403
    assert role_of(advisor, FACTORY, world.factory_a) == ["advisor"]


def test_the_countrys_staff_invite_a_factorys_first_manager(world, client_of):
    client = client_of(world.person("team_leader"))
    managers = User.objects.filter(pk=world.person("manager_a").pk)
    invitation = {"email": "boss@test.example", "role": "manager"}

    assert client.post(address(world, name="member_invite"), invitation).status_code == 403
    managers.update(is_active=False)
    response = client.post(address(world, name="member_invite"), invitation)

    assert response.status_code == 302
    assert Invitation.objects.get().role == "manager"


def test_once_there_is_a_manager_staff_neither_change_nor_remove_anybody(world, client_of):
    client = client_of(world.person("programme_manager"))
    invitation, member = invited(world), world.person("member_a")
    seen = client.get(address(world)).content.decode()
    assert "Member A" in seen
    assert invitation.email not in seen

    for name in ("invitation_resend", "invitation_withdraw"):
        assert client.post(address(world, name=name, invitation_id=invitation.pk)).status_code == 403
    for name in ("member_role", "member_remove"):
        url = address(world, name=name, member_id=member.pk)
        assert client.post(url, {"role": "manager", "held": "member"}).status_code == 403
    assert role_of(member, FACTORY, world.factory_a) == ["member"]


def test_the_list_says_which_invitations_no_longer_work_and_sending_again_mends_it(world, client_of):
    second = world.person("member_a")
    add_member(by=None, kind=FACTORY, organisation=world.factory_a, member=second, role="manager")
    invitation = invited(world)
    User.objects.filter(pk=world.person("manager_a").pk).update(is_active=False)
    client, note = client_of(second), "The sender can no longer invite members."

    assert note in client.get(address(world)).content.decode()
    again = reverse("invitation_resend", args=["factory", world.factory_a.pk, invitation.pk])
    assert note not in client.post(again, follow=True).content.decode()


def test_each_role_is_explained_in_the_same_words_where_one_invites_and_on_the_list(world, client_of):
    explained = [role for kind in kinds.values() for role in kind.roles.values() if role.is_invitable]
    assert [role.name for role in explained if not role.summary] == []
    client = client_of(world.person("manager_a"))
    for name in ("members", "member_invite"):
        words = html.unescape(client.get(address(world, name=name)).content.decode())
        assert all(str(role.summary) in words for role in FACTORY.invitable_roles(world.factory_a).values())
