"""What attacks on the portal found, each once and for all."""

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied

from assessments.models import Answer
from assessments.publication.services import take_step
from brands.roles import BRAND
from factories.roles import FACTORY, PROGRAMME
from portal.accounts.accepting import accept_invitation
from portal.accounts.roles import role_of
from portal.accounts.services import (
    add_member,
    change_role,
    create_integration_token,
    invite,
    remove_member,
)
from sharing.models import SharingGrant
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def test_a_reset_link_is_at_the_portals_own_address_whatever_host_was_asked(world: World, client, settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "evil.example"]

    client.post(
        "/accounts/password/reset/", {"email": world.person("manager_a").email}, headers={"host": "evil.example:6666"}
    )

    (sent,) = mail.outbox
    assert "http://testserver/accounts/password/reset/key/" in sent.body
    assert "evil" not in sent.body + sent.subject


def test_a_token_lists_the_grants_of_its_own_scopes_only(world: World) -> None:
    world.grant(scope="report")
    own = world.grant(scope="step1")
    token, _secret = create_integration_token(
        by=world.person("brand_a_manager"), kind=BRAND, organisation=world.brand_a, name="PLM",
        roles=["integration_step1"], days=5,
    )  # fmt: skip

    assert list(SharingGrant.objects.visible_to(token.user)) == [own]


@pytest.mark.parametrize("how", ["removed", "made less"])
def test_a_manager_who_goes_leaves_no_invitation_open(world: World, how: str) -> None:
    manager, member = world.person("manager_a"), world.person("member_a")
    change_role(by=manager, kind=FACTORY, organisation=world.factory_a, member=member, role="manager")
    invitation, _link = invite(
        by=member, kind=FACTORY, organisation=world.factory_a, email="outsider@test.example", role="manager"
    )

    if how == "removed":
        remove_member(by=manager, kind=FACTORY, organisation=world.factory_a, member=member)
    else:
        change_role(by=manager, kind=FACTORY, organisation=world.factory_a, member=member, role="member")

    with pytest.raises(PermissionDenied):
        accept_invitation(invitation=invitation, by=world.person("outsider"), kind=FACTORY)
    assert role_of(world.person("outsider"), FACTORY, world.factory_a) == []


def test_an_advisor_who_leaves_the_countrys_staff_loses_the_factories_assigned_there(world: World) -> None:
    advisor = world.person("advisor")
    assert role_of(advisor, FACTORY, world.factory_a) == ["advisor"]

    remove_member(by=world.person("programme_manager"), kind=PROGRAMME, organisation=world.cambodia, member=advisor)

    assert role_of(advisor, FACTORY, world.factory_a) == []


def test_a_manager_cannot_end_an_advisors_assignment_as_if_it_were_a_membership(world: World) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match="not a member"):
        remove_member(
            by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, member=world.person("advisor")
        )


def test_staff_cannot_become_the_voice_of_a_factory(world: World) -> None:
    leader = world.person("team_leader")
    with pytest.raises(PermissionDenied):
        invite(by=leader, kind=FACTORY, organisation=world.factory_a, email=leader.email, role="manager")
    invitation, _link = invite(
        by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, email=leader.email, role="manager"
    )

    with pytest.raises(PermissionDenied, match="another kind of organisation"):
        accept_invitation(invitation=invitation, by=leader, kind=FACTORY)


def test_an_operator_belongs_to_no_organisation(world: World) -> None:
    operator = world.person("operator")
    invitation, _link = invite(
        by=world.person("manager_a"), kind=FACTORY, organisation=world.factory_a, email=operator.email, role="manager"
    )

    with pytest.raises(PermissionDenied, match="operator"):
        accept_invitation(invitation=invitation, by=operator, kind=FACTORY)


def test_r47_the_factorys_cycle_moves_on_only_when_it_gets_the_report(world: World) -> None:
    coming = make_assessment(world, world.factory_b, 3, "internal_review")
    assert world.factory_b.current_cycle == 2

    take_step(by=world.person("team_leader"), assessment=coming, name="send_to_factory")

    world.factory_b.refresh_from_db()
    assert world.factory_b.current_cycle == 3


def test_the_operators_admin_shows_no_finding(world: World, client_of) -> None:
    answer = world.answer(world.assessments["a2"], "1010")

    page = client_of(world.person("operator")).get(f"/admin/assessments/answer/{answer.pk}/change/")

    words = page.content.decode()
    assert str(answer) == f"Answer {answer.pk}"
    assert "Evidence for 1010" not in words
    assert f"{answer.question_id} nc" not in words
    assert Answer.objects.filter(pk=answer.pk).exists()


def test_a_closed_account_reads_nothing_though_its_role_remains(world: World) -> None:
    add_member(by=None, kind=BRAND, organisation=world.brand_a, member=world.person("outsider"), role="member")
    world.grant()
    outsider = world.person("outsider")
    outsider.is_active = False
    outsider.save()

    assert not SharingGrant.objects.visible_to(outsider).exists()
