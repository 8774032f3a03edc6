"""The demo's people: one login per role, the same cast as the tests' world."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from assessments.models import Assessment
from factories.models import Factory
from portal.accounts.models import User
from portal.accounts.roles import kinds, memberships
from portal.demo.accounts import ACCOUNTS, BY_KEY, FACTORY_A, PASSWORD
from sharing.models import SharingGrant


def person(key):
    return User.objects.get(email=BY_KEY[key].email)


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.key)
def test_they_can_sign_in_and_hold_their_role(demo, account):
    user = User.objects.get(email=account.email)
    assert user.check_password(PASSWORD)
    assert user.is_active is account.is_active
    held = {(kind.name, str(row.organisation), row.role) for kind in kinds.values() for row in memberships(user, kind)}
    expected = {(account.kind, account.organisation, account.role)} if account.kind and account.is_active else set()
    assert {role for role in held if role[2] != "advisor"} == expected


def test_only_the_operator_reaches_the_admin_and_reads_nothing(demo):
    assert [user.email for user in User.objects.filter(is_staff=True)] == [BY_KEY["operator"].email]
    assert not Assessment.objects.visible_to(person("operator")).exists()


def test_nobody_else_can_sign_in(demo):
    others = User.objects.exclude(email__in=[account.email for account in ACCOUNTS])
    assert others.count() > 200
    assert not any(user.has_usable_password() for user in others)


def test_the_story_can_be_told(demo):
    """Factory A waits for its review; brands A and B have no access to it, and read other factories."""
    factory = Factory.objects.get(name=FACTORY_A)
    states = set(Assessment.objects.filter(factory=factory).values_list("state", flat=True))
    assert states == {"factory_review", "published", "superseded"}
    for key in ("brand_a_member", "brand_b_member"):
        readable = Assessment.objects.visible_to(person(key))
        assert not readable.filter(factory=factory).exists()
        assert readable.count() > 50
    assert {grant.status() for grant in SharingGrant.objects.filter(factory=factory)} == {
        "live", "waiting", "expired", "ended", "unconfirmed",
    }  # fmt: skip


def test_the_advisor_works_on_factory_a(demo):
    assert Assessment.objects.visible_to(person("advisor")).filter(factory__name=FACTORY_A).exists()


@pytest.mark.parametrize("key", ["constituent", "outsider", "inactive", "operator"])
def test_they_see_no_assessment(demo, key):
    assert not Assessment.objects.visible_to(person(key)).exists()


def test_the_command_prints_every_login(demo):
    out = StringIO()
    call_command("demo_accounts", stdout=out)
    assert PASSWORD in out.getvalue()
    assert all(account.email in out.getvalue() for account in ACCOUNTS)


def test_the_command_prints_json(demo):
    out = StringIO()
    call_command("demo_accounts", "--json", stdout=out)
    assert [row["email"] for row in json.loads(out.getvalue())] == [account.email for account in ACCOUNTS]
