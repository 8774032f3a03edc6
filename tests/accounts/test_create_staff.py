"""The first person of an empty installation."""

from io import StringIO

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from factories.models import CountryProgramme
from factories.roles import PROGRAMME
from portal.accounts.joining import join
from portal.accounts.models import Invitation, User
from portal.accounts.roles import role_of
from tests.world import World

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command("create_staff", *args, stdout=out)
    return out.getvalue()


def test_it_invites_the_first_global_staff_member(db, mails_leave_at_once):
    printed = run("First@Staff.example", "--name", "First")

    link = printed.strip().splitlines()[-1]
    assert mail.outbox[0].to == ["first@staff.example"]
    assert link in mail.outbox[0].body
    account = User.objects.get()
    assert account.groups.count() == 0
    assert not account.has_usable_password()
    client = Client()
    client.get(link)
    answer = reverse("invitation_answer", args=[Invitation.objects.get().pk])
    client.post(answer, {"name": "First", "password": "loom-and-lantern-9", "again": "loom-and-lantern-9"})

    programme = CountryProgramme.objects.get(is_global=True)
    account.refresh_from_db()
    assert role_of(account, PROGRAMME, programme) == ["global_staff"]
    assert account.check_password("loom-and-lantern-9")
    assert (
        client.get(reverse("members", kwargs={"kind": "programme", "organisation_id": programme.pk})).status_code == 200
    )


def test_a_second_run_makes_a_new_link_while_nobody_has_joined(db):
    first, second = run("first@staff.example"), run("first@staff.example")

    assert first != second
    assert User.objects.count() == CountryProgramme.objects.count() == 1
    assert Invitation.objects.filter(withdrawn_at=None).count() == 1


def test_it_is_refused_once_there_are_global_staff(world: World):
    with pytest.raises(CommandError, match="already global staff"):
        run("second@staff.example")

    assert not User.objects.filter(email="second@staff.example").exists()


def test_a_bad_address_is_refused(db):
    with pytest.raises(CommandError, match="Enter an e-mail address"):
        run("not-an-address")

    assert not User.objects.exists()


def test_decision_17_of_two_first_ones_invited_only_one_joins(db):
    for number in (1, 2):
        run(f"first{number}@staff.example")
    one, other = Invitation.objects.order_by("created_at")
    join(invitation=one, name="First", password="loom-and-lantern-9")

    with pytest.raises(PermissionDenied, match="can no longer invite"):
        join(invitation=other, name="Second", password="loom-and-lantern-9")
