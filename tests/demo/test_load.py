"""Loading the demo: the same every time, only where it may, and beside nothing else."""

from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.test import override_settings

from assessments.models import Assessment
from factories.models import CountryProgramme
from portal.accounts.models import User
from portal.demo.accounts import ACCOUNTS, BY_KEY, PASSWORD
from portal.demo.plan.answers import answers_of
from portal.demo.plan.factories import factories
from portal.demo.plan.people import people
from portal.demo.plan.visits import VisitPlan, visits
from tests.demo import TODAY


def test_they_are_the_cast_of_the_tests_world(world):
    assert set(BY_KEY) == set(world.people) - {"anonymous"}


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda account: account.key)
def test_the_password_keeps_the_rules(account):
    validate_password(PASSWORD, User(email=account.email, name=account.name))


def test_the_command_refuses_without_debug(db):
    with override_settings(DEBUG=False), pytest.raises(CommandError, match="DEBUG"):
        call_command("demo_accounts")


def test_the_command_says_when_nothing_is_loaded(db):
    User.objects.filter(email__in=[account.email for account in ACCOUNTS]).update(email="x@demo.example")
    with override_settings(DEBUG=True), pytest.raises(CommandError, match="load_demo first"):
        call_command("demo_accounts")


@pytest.mark.parametrize("days", [0, 40, 200, 366])
def test_on_any_day_every_state_is_there_and_nothing_published_lies_ahead(days):
    today = TODAY + timedelta(days=days)
    found = visits(factories(today), today)
    assert {visit.state for visit in found} == set(Assessment.State.values)
    assert all(visit.published_at.date() < today for visit in found if visit.published_at)
    assert all(visit.released_at.date() < today for visit in found if visit.released_at)
    for visit in found:
        assert visit.factory.enrolled_on
        assert visit.start > visit.factory.enrolled_on
        if visit.withdrawn_at:
            assert visit.published_at
            assert visit.withdrawn_at > visit.published_at


def test_numbers_of_one_factory_do_not_depend_on_another():
    everything = visits(factories(TODAY), TODAY)
    last = [visit for visit in everything if visit.factory.bw_id == "100006"]
    alone = [answers for _, answers in answers_of(last)]
    assert alone == [answers for _, answers in answers_of(last)]
    assert len(last) >= 3


def test_f24_nobody_works_in_two_places():
    plans = factories(TODAY)
    names = [account.name for account in ACCOUNTS] + [person.name for person in people(plans)]
    assert len(set(names)) == len(names)
    without_people = [plan for plan in plans if plan.contact not in names]
    assert {plan.status for plan in without_people} == {"not_enrollable"}
    assert (plans[0].contact, plans[1].contact) == (BY_KEY["manager_a"].name, BY_KEY["manager_b"].name)


def test_f24_evidence_about_the_workforce_agrees_with_its_numbers():
    of_factories: dict[str, list[VisitPlan]] = {}
    for visit in visits(factories(TODAY), TODAY):
        of_factories.setdefault(visit.factory.bw_id, []).append(visit)
    shares = {
        (visit.factory.women_in_100, answer.note)
        for own in of_factories.values()
        for visit, answers in answers_of(own)
        for answer in answers
        if "of the workforce" in answer.note
    }
    assert shares
    assert all(f"Women are {share} per cent" in note for share, note in shares)


def test_it_is_refused_without_debug(db):
    with override_settings(DEBUG=False), pytest.raises(CommandError, match="DEBUG"):
        call_command("load_demo")
    assert not User.objects.exists()


def test_it_is_refused_beside_other_data(db):
    CountryProgramme.objects.create(name="Somewhere", country="SO")
    with override_settings(DEBUG=True), pytest.raises(CommandError, match="empty"):
        call_command("load_demo")
