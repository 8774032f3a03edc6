"""Opening an invitation: joining with a new account or an old one, and links that do not work."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth import get_user
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from factories.roles import FACTORY
from portal.accounts.models import Invitation, User
from portal.accounts.roles import role_of
from portal.accounts.services import invite, withdraw_invitation
from portal.core.models import Event
from tests.world import PASSWORD, World

pytestmark = pytest.mark.django_db
GOOD = "a-loom-in-the-morning-mist"


@pytest.fixture
def link(world: World):
    def make(email: str = "new@test.example", role: str = "member") -> tuple[Invitation, str]:
        invitation, address = invite(
            by=world.person("manager_a"),
            kind=FACTORY,
            organisation=world.factory_a,
            email=email,
            role=role,
            name="New Person",
        )
        return invitation, address.removeprefix("http://testserver")

    return make


def answer(invitation: Invitation) -> str:
    return reverse("invitation_answer", args=[invitation.pk])


def filled(**changes: str) -> dict[str, str]:
    return {"name": "New Person", "password": GOOD, "again": GOOD, **changes}


def test_the_secret_leaves_the_address_at_once_and_reaches_no_other_site(world, link):
    invitation, address = link()

    response = Client().get(address)

    assert response.status_code == 302
    assert response.url == answer(invitation)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_newcomer_sets_a_name_and_a_password_and_is_in(world, link):
    invitation, address = link()
    client = Client()

    page = client.get(address, follow=True).content.decode()
    before = client.session.session_key
    response = client.post(answer(invitation), filled())

    assert "New Person" in page
    assert "at least 12 characters" in page
    assert response.status_code == 302
    account = User.objects.get(email="new@test.example")
    assert account.check_password(GOOD)
    assert role_of(account, FACTORY, world.factory_a) == ["member"]
    assert get_user(client).pk == account.pk  # type: ignore[arg-type]
    assert client.session.session_key != before
    joined = Event.objects.get(kind="member.joined", subject=str(account.pk))
    assert joined.data["invited_by"] == world.person("manager_a").pk


@pytest.mark.parametrize(
    "data",
    [
        {},
        filled(password="short", again="short"),
        filled(password="123456789012345", again="123456789012345"),
        filled(password="password12345", again="other-password-12345"),
        filled(password="new@test.example", again="new@test.example"),
        filled(name=""),
        filled(name="x" * 10_000),
        filled(name="a\x00b"),
        filled(password="x" * 10_000, again="x" * 10_000),
        filled(password="null\x00in-the-password", again="null\x00in-the-password"),
    ],
)
def test_a_bad_name_or_password_is_refused_with_a_reason(world, link, data):
    invitation, address = link()
    client = Client()
    client.get(address)

    response = client.post(answer(invitation), data)

    assert response.status_code == 400
    assert response.context["form"].errors
    assert GOOD not in response.content.decode()
    assert not User.objects.filter(email="new@test.example").exists()


def test_fields_that_nobody_asked_for_change_nothing(world, link):
    invitation, address = link()
    client = Client()
    client.get(address)

    client.post(answer(invitation), filled(role="manager", email="x@y.example", is_staff="1", is_superuser="1"))

    account = User.objects.get(email="new@test.example")
    assert not account.is_staff
    assert not account.is_superuser
    assert role_of(account, FACTORY, world.factory_a) == ["member"]


def test_the_answer_page_alone_opens_nothing(world, link):
    invitation, _address = link()

    assert Client().get(answer(invitation)).status_code == 404
    assert Client().post(answer(invitation), filled()).status_code == 404
    assert not User.objects.filter(email="new@test.example").exists()


def _tampered(address: str) -> str:
    return address[:-3] + ("aa/" if not address.endswith("aa/") else "bb/")


def test_unknown_used_withdrawn_expired_and_tampered_links_look_the_same(world, link, client_of):
    pages = []
    for spoil in ("tampered", "expired", "withdrawn", "used", "unknown"):
        invitation, address = link(f"{spoil}@test.example")
        if spoil == "tampered":
            address = _tampered(address)
        elif spoil == "expired":
            Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        elif spoil == "withdrawn":
            withdraw_invitation(by=world.person("manager_a"), invitation=invitation, kind=FACTORY)
        elif spoil == "used":
            client = Client()
            client.get(address)
            client.post(answer(invitation), filled())
        else:
            address = reverse("invitation", args=[uuid4(), "x"])
        pages.append(Client().get(address))

    assert {page.status_code for page in pages} == {404}
    assert {page.templates[0].name for page in pages} == {"accounts/invitation_over.html"}


def test_odd_secrets_are_only_wrong(world, link):
    invitation, _address = link()

    for secret in ("%00", "%FF%FE", "x" * 5_000, "..%2F"):
        assert Client().get(f"/invitations/{invitation.pk}/{secret}/").status_code == 404


def test_an_invitation_withdrawn_while_the_form_is_open_lets_nobody_in(world, link):
    invitation, address = link()
    client = Client()
    client.get(address)
    withdraw_invitation(by=world.person("manager_a"), invitation=invitation, kind=FACTORY)

    assert client.post(answer(invitation), filled()).status_code == 404
    assert not User.objects.filter(email="new@test.example").exists()


def test_a_second_submit_changes_nothing(world, link):
    invitation, address = link()
    client = Client()
    client.get(address)

    client.post(answer(invitation), filled())
    again = client.post(answer(invitation), filled(name="Other"))

    assert again.status_code == 404
    assert User.objects.get(email="new@test.example").name == "New Person"


def test_an_existing_account_signs_in_first_then_confirms(world, link):
    outsider = world.person("outsider")
    invitation, address = link(outsider.email, role="manager")
    client = Client()

    page = client.get(address, follow=True)
    refused = client.post(answer(invitation), filled())
    sign_in = page.context["sign_in"]
    client.post(sign_in, {"login": outsider.email, "password": PASSWORD})
    asked = client.get(answer(invitation))
    assert role_of(outsider, FACTORY, world.factory_a) == []
    before = client.session.session_key
    response = client.post(answer(invitation))

    assert page.templates[0].name == "accounts/invitation_sign_in.html"
    assert refused.templates[0].name == "accounts/invitation_sign_in.html"
    assert asked.templates[0].name == "accounts/invitation_accept.html"
    assert response.status_code == 302
    assert client.session.session_key != before
    assert role_of(outsider, FACTORY, world.factory_a) == ["manager"]
    outsider.refresh_from_db()
    assert outsider.check_password(PASSWORD)


def test_the_address_of_the_sign_in_page_holds_no_secret(world, link):
    _invitation, address = link(world.person("outsider").email)

    page = Client().get(address, follow=True)

    assert address.rstrip("/").rsplit("/", 1)[1] not in page.content.decode()


def test_somebody_else_signed_in_is_told_so_and_joins_nothing(world, link, client_of):
    brand_member = world.person("brand_a_member")
    invitation, address = link()
    client = client_of(brand_member)

    page = client.get(address, follow=True)
    posted = client.post(answer(invitation))

    assert page.status_code == posted.status_code == 403
    assert "This invitation is for another account" in page.content.decode()
    assert role_of(brand_member, FACTORY, world.factory_a) == []
    invitation.refresh_from_db()
    assert invitation.is_open


def test_a_closed_account_cannot_come_back_by_invitation(world, link):
    inactive = world.person("inactive")
    invitation, address = link(inactive.email)
    client = Client()

    assert client.get(address, follow=True).status_code == 404
    assert client.post(answer(invitation), filled()).status_code == 404
    inactive.refresh_from_db()
    assert not inactive.is_active


def test_an_integrations_account_is_nobodys_to_begin(world, link):
    account = User.objects.create_user("integration-1@integrations.invalid", name="I", is_integration=True)
    invitation, address = link(account.email)
    client = Client()
    client.get(address)

    client.post(answer(invitation), filled())

    account.refresh_from_db()
    assert not account.has_usable_password()


def test_an_operators_account_joins_nothing(world, link, client_of):
    operator = world.person("operator")
    invitation, address = link(operator.email)
    client = client_of(operator)
    client.get(address)

    assert client.post(answer(invitation)).status_code == 403
    assert role_of(operator, FACTORY, world.factory_a) == []


def test_scanners_that_open_the_link_use_nothing_up(world, link):
    invitation, address = link()
    for _time in range(3):
        Client().get(address, follow=True)
        Client().head(address)

    invitation.refresh_from_db()
    assert invitation.is_open
    assert Client().post(address).status_code == 405


def test_an_account_of_another_side_is_refused_with_the_reason_before_it_is_asked_to_join(world, link, client_of):
    invitation, address = link(email=world.person("brand_a_member").email)
    client = client_of(world.person("brand_a_member"))
    client.get(address)
    for response in (client.get(answer(invitation)), client.post(answer(invitation))):
        assert response.status_code == 403
        assert "Your account belongs to another kind of organisation." in response.content.decode()
    assert role_of(world.person("brand_a_member"), FACTORY, world.factory_a) == []


@pytest.mark.parametrize("as_whom", ["newcomer", "outsider"])
def test_an_invitation_whose_sender_may_no_longer_invite_says_so(world, link, client_of, as_whom):
    invitation, address = link("new@test.example" if as_whom == "newcomer" else world.person(as_whom).email)
    client = Client() if as_whom == "newcomer" else client_of(world.person(as_whom))
    client.get(address)
    User.objects.filter(pk=world.person("manager_a").pk).update(is_active=False)

    for response in (client.get(address, follow=True), client.post(answer(invitation), filled())):
        assert response.status_code == 404
        assert "The person who sent it can no longer invite members" in response.content.decode()
    assert not Event.objects.filter(kind="member.joined").exists()


# --- limits ------------------------------------------------------------------------------------------------


def invite_page(world: World, client: Client, email: str):
    return client.post(
        reverse("member_invite", args=["factory", world.factory_a.pk]),
        {"email": email, "role": "member", "name": "New Person"},
    )


def test_an_organisation_sends_so_many_a_day_and_the_form_keeps_what_was_typed(world, client_of, settings):
    settings.INVITATIONS_A_DAY = 3
    client = client_of(world.person("manager_a"))
    sent = [invite_page(world, client, f"new{number}@test.example") for number in range(4)]

    assert [response.status_code for response in sent] == [302, 302, 302, 400]
    page = sent[-1].content.decode()
    assert "This organisation has sent 3 invitations in the last 24 hours" in page
    assert "new3@test.example" in page
    assert Invitation.objects.filter(withdrawn_at=None).count() == 3
    Invitation.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert invite_page(world, client, "new3@test.example").status_code == 302


def test_nobody_gets_more_mails_than_so_many_a_day_whoever_invites(world, settings):
    """Other spellings of the address count too; another person's address does not."""
    settings.INVITATIONS_TO_ONE_ADDRESS_A_DAY = 3
    ours = {"by": world.person("manager_a"), "kind": FACTORY, "organisation": world.factory_a, "role": "member"}
    theirs = {"by": world.person("manager_b"), "kind": FACTORY, "organisation": world.factory_b, "role": "member"}
    invite(**ours, email="stranger@test.example")
    invite(**theirs, email="Stranger@Test.example")
    invite(**theirs, email="stranger+1@test.example")
    for terms in (ours, theirs):
        for email in ("stranger@test.example", "stranger+2@test.example"):
            with pytest.raises(ValidationError, match="No more invitations can be sent to this address today"):
                invite(**terms, email=email)
    invite(**ours, email="stranger2@test.example")


def test_an_invitation_that_may_not_be_sent_again_stays_open(world, client_of, settings, link, mails_leave_at_once):
    settings.INVITATIONS_TO_ONE_ADDRESS_A_DAY = 1
    invitation, address = link()
    place = reverse("invitation_resend", args=["factory", world.factory_a.pk, invitation.pk])

    page = client_of(world.person("manager_a")).post(place, follow=True)

    assert "No more invitations can be sent to this address today" in page.content.decode()
    assert Client().get(address).status_code == 302
    assert len(mail.outbox) == 1
