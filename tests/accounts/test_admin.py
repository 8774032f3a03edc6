"""Django's admin: for the operator alone, and mostly to look at."""

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from assessments.models import Answer, Assessment, Tool
from assessments.publication.services import start_correction, take_step
from factories.roles import FACTORY
from portal.accounts.models import User
from portal.accounts.profiles import update_account
from portal.accounts.roles import role_of
from portal.core.models import Event
from sharing.models import AccessRecord, SharingGrant
from tests.world import World

pytestmark = pytest.mark.django_db
READ_ONLY = [Event, SharingGrant, AccessRecord, Answer, Assessment, Tool]
PEOPLE = ["manager_a", "brand_a_manager", "global_staff", "programme_manager", "constituent", "outsider"]


def listing(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def row(instance) -> str:
    meta = instance._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[instance.pk])


def account_data(user: User, **changes: object) -> dict[str, object]:
    data = {"name": user.name, "language": user.language, "is_active": "on" if user.is_active else ""}
    return {name: value for name, value in {**data, **changes}.items() if value}


@pytest.mark.parametrize("persona", PEOPLE)
def test_nobody_but_the_operator_comes_in(world: World, client_of, persona):
    client = client_of(world.person(persona))

    for path in ("/admin/", listing(User), listing(Event)):
        response = client.get(path)
        assert response.status_code in {302, 403}
        if response.status_code == 302:
            assert client.get(response.url).status_code == 403


def test_an_anonymous_visitor_is_sent_to_the_one_sign_in_page(world: World):
    response = Client().get("/admin/", follow=True)

    assert response.redirect_chain[-1][0].startswith(reverse("account_login"))


def test_every_page_of_the_admin_opens_for_the_operator(world: World, client_of):
    world.grant()
    client = client_of(world.person("operator"))

    assert client.get("/admin/").status_code == 200
    for model in admin.site._registry:
        assert client.get(listing(model)).status_code == 200, model
        instance = model._default_manager.first()
        if instance is not None:
            assert client.get(row(instance)).status_code == 200, model


def test_nothing_is_added_or_deleted_and_only_accounts_change(world: World, client_of):
    request = client_of(world.person("operator")).get("/admin/").wsgi_request
    for model, page in admin.site._registry.items():
        unlocks = model is AccessAttempt  # the operator lets somebody in again by deleting a lock
        assert not page.has_add_permission(request), model
        assert page.has_delete_permission(request) == unlocks, model
        assert page.has_change_permission(request) == (model is User), model


@pytest.mark.parametrize("model", READ_ONLY)
def test_read_only_rows_refuse_a_forged_form(world: World, client_of, model):
    world.grant()
    client = client_of(world.person("operator"))
    AccessRecord.objects.create(
        person=world.person("brand_a_member"),
        brand=world.brand_a,
        factory=world.factory_a,
        assessment_id=world.assessments["a2"].pk,
        cycle=2,
        version=1,
        scope="report",
        action="view",
    )
    instance = model._default_manager.first()
    assert instance is not None
    meta = model._meta
    delete = reverse(f"admin:{meta.app_label}_{meta.model_name}_delete", args=[instance.pk])

    assert client.post(row(instance), {"state": "withdrawn"}).status_code == 403
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=instance.pk).exists()


def test_roles_and_guardians_tables_are_not_there():
    registered = {model._meta.label for model in admin.site._registry}

    assert not registered & {Group._meta.label, "account.EmailAddress"}
    assert not {label for label in registered if label.startswith("guardian.") or "Role" in label}


def test_the_operator_reads_no_finding(world: World, client_of):
    client = client_of(world.person("operator"))
    answer = world.answer(world.assessments["a2"], "1010")

    content = client.get(row(answer)).content.decode()
    listed = client.get(listing(Answer)).content.decode()

    assert answer.note
    for shown in (content, listed):
        assert answer.note not in shown
        assert "Non-compliance" not in shown


def test_the_operator_reads_no_reason_of_a_correction_or_withdrawal(world: World, client_of):
    operator, leader = client_of(world.person("operator")), world.person("team_leader")
    corrected = start_correction(by=leader, assessment=world.assessments["a2"], note="Wages of May were wrong")
    withdrawn = world.assessments["a1"]
    take_step(by=world.person("programme_manager"), assessment=withdrawn, name="withdraw", reason="The wrong factory")

    for assessment, words in ((corrected, "Wages of May"), (withdrawn, "The wrong factory")):
        assert words not in operator.get(row(assessment)).content.decode()


def test_an_invitations_page_holds_nothing_that_opens_it(world: World, client_of):
    from portal.accounts.services import invite

    invitation, link = invite(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        email="new@test.example",
        role="member",
    )

    content = client_of(world.person("operator")).get(row(invitation)).content.decode()

    assert invitation.secret_hash not in content
    assert link.rstrip("/").rsplit("/", 1)[1] not in content


def test_the_operator_closes_an_account_with_an_event(world: World, client_of):
    person = world.person("brand_a_member")
    client = client_of(world.person("operator"))
    session = client_of(person)
    assert session.get(reverse("me")).status_code == 200

    client.post(row(person), account_data(person, is_active=""))

    person.refresh_from_db()
    assert not person.is_active
    assert session.get(reverse("me")).status_code == 302
    event = Event.objects.get(kind="account.changed")
    assert (event.subject, event.data) == (str(person.pk), {"fields": ["is_active"]})


def test_roles_passwords_and_addresses_are_out_of_the_operators_reach(world: World, client_of):
    person = world.person("outsider")
    group = FACTORY.group(world.factory_a, "manager")
    forged = {"groups": group.pk, "email": "x@y.example", "password": "x", "user_permissions": "1"}

    client_of(world.person("operator")).post(row(person), account_data(person, name="Renamed", **forged))

    person.refresh_from_db()
    assert person.name == "Renamed"
    assert person.email == "outsider@test.example"
    assert role_of(person, FACTORY, world.factory_a) == []
    assert person.check_password("correct-horse-battery-staple")


def test_nobody_who_reads_data_becomes_an_operator(world: World, client_of):
    person = world.person("brand_a_member")

    response = client_of(world.person("operator")).post(row(person), account_data(person, is_superuser="on"))

    assert response.status_code == 200
    assert "An operator&#x27;s account must have none" in response.content.decode()
    person.refresh_from_db()
    assert not person.is_superuser


def test_a_session_of_a_closed_account_does_not_come_back_with_it(world: World, client_of):
    person, operator = world.person("member_a"), world.person("operator")
    before, never_asked = client_of(person), client_of(person)
    for is_active in (False, True):
        update_account(by=operator, account=person, is_active=is_active)
    person.refresh_from_db()
    assert person.is_active
    assert [client.get(reverse("me")).status_code for client in (before, never_asked)] == [302, 302]
    assert client_of(person).get(reverse("me")).status_code == 200


def test_however_an_account_is_closed_its_sessions_end(world: World, client_of):
    person = world.person("member_a")
    client, stale = client_of(person), User.objects.get(pk=person.pk)
    for is_active in (False, True):
        User.objects.filter(pk=person.pk).update(is_active=is_active)
    stale.save()
    person.refresh_from_db()
    assert person.closings == 1
    assert client.get(reverse("me")).status_code == 302


def test_a_session_goes_on_whatever_else_changes_about_the_account(world: World, client_of):
    person = world.person("member_a")
    client = client_of(person)
    update_account(by=world.person("operator"), account=person, name="Another Name", is_active=True)
    assert client.get(reverse("me")).status_code == 200


def test_the_operator_cannot_close_their_own_account(world: World, client_of):
    operator = world.person("operator")
    data = account_data(operator, is_active="", is_staff="on", is_superuser="on")

    response = client_of(operator).post(row(operator), data)

    assert response.status_code == 200
    operator.refresh_from_db()
    assert operator.is_active
