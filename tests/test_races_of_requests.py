"""Two who answer the same request at the same moment, and second clicks on an answer.

Real transactions, as in `test_races_of_consent.py`.
"""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from sharing.confirming.services import confirm_grant, switch_confirmation_on
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import stop_all_sharing
from sharing.grants.services.situation import Situation
from sharing.models import AccessRequest, DestroyNotice, Receipt, SharingGrant
from sharing.requests.services.answering import AlreadyAnsweredError, approve_request, as_asked, decline_request
from sharing.requests.services.asking import request_access, withdraw_request
from sharing.requests.services.lapsing import lapse_requests
from sharing.requests.services.standing import RequestedTerms
from sharing.terms import StatementTime
from tests.sharing.deciding import seen_on
from tests.together import (
    TIMES,
    Call,
    at_once,
    behind,
    happened,
    make_second_manager,
    refusals,
    seen_by_brand,
    signed_in,
)
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


@pytest.fixture
def world() -> World:
    return build_world()


@pytest.fixture
def second_manager(world: World) -> User:
    """Another manager of factory A."""
    return make_second_manager(world)


def asked(world: World, letter: str = "a") -> AccessRequest:
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    brand, asker = getattr(world, f"brand_{letter}"), world.person(f"brand_{letter}_member")
    return request_access(by=asker, brand=brand, factory=world.factory_a, terms=terms)


def answers_to(world: World, request: AccessRequest, decliner: User) -> dict[str, Call]:
    manager, brand = world.person("manager_a"), world.person("brand_a_manager")
    return {
        "approve": lambda: approve_request(by=manager, request=request, scopes=["report"], terms=Terms()),
        "decline": lambda: decline_request(by=decliner, request=request),
        "withdraw": lambda: withdraw_request(by=brand, request=request),
    }


ENDED = {"approve": "approved", "decline": "declined", "withdraw": "withdrawn"}


@pytest.mark.parametrize(
    ("first", "second"),
    [(one, other) for one in ENDED for other in ENDED if one != other],
)
def test_whoever_answers_a_request_first_has_answered_it(
    world: World, second_manager: User, first: str, second: str
) -> None:
    """Approve, decline, take back: the second one is told, and nothing is shared but by a yes that came first."""
    request = asked(world)
    calls = answers_to(world, request, second_manager)
    _done, late = behind(calls[first], calls[second])
    assert isinstance(late, AlreadyAnsweredError), late
    request.refresh_from_db()
    assert request.state == ENDED[first]
    assert SharingGrant.objects.count() == (1 if first == "approve" else 0)
    assert bool(seen_by_brand(world)) == (first == "approve")
    assert [happened(f"request.{ENDED[name]}") for name in (first, second)] == [1, 0]


@pytest.mark.parametrize("time", TIMES)
def test_three_who_answer_a_request_at_once_give_one_answer(world: World, second_manager: User, time: int) -> None:
    request = asked(world)
    answers = at_once(*answers_to(world, request, second_manager).values())
    assert refusals(answers, AlreadyAnsweredError) == 2
    request.refresh_from_db()
    assert SharingGrant.objects.exists() == (request.state == "approved") == bool(seen_by_brand(world))
    assert sum(happened(f"request.{word}") for word in ENDED.values()) == 1


def test_the_late_one_of_two_managers_is_told_who_answered(world: World, second_manager: User) -> None:
    request = asked(world)
    calls = answers_to(world, request, second_manager)
    _done, late = behind(calls["decline"], calls["approve"])
    assert second_manager.name in late.messages[0]


def test_two_people_of_a_brand_who_ask_at_once_ask_once(world: World) -> None:
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    people = [world.person("brand_a_member"), world.person("brand_a_manager")]
    answers = at_once(
        *(
            lambda by=by: request_access(by=by, brand=world.brand_a, factory=world.factory_a, terms=terms)
            for by in people
        )
    )
    assert [type(answer) for answer in answers].count(AccessRequest) == 1
    assert AccessRequest.objects.count() == 1


def test_no_request_lapses_between_the_check_and_the_answer_of_a_confirmation(
    world: World, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    manager, request = world.person("manager_a"), asked(world)
    approve_request(by=manager, request=request, scopes=["report"], terms=as_asked(request))
    lapsed: list[Any] = []

    def lapse(_situation: Situation) -> None:
        time_machine.move_to(request.lapses_at + timedelta(seconds=1))
        monkeypatch.setattr(StatementTime, "template", f"(TIMESTAMPTZ '{timezone.now().isoformat()}')")
        lapsed.extend(at_once(lapse_requests))

    monkeypatch.setattr(Situation, "refuse_while_handed_over", lapse)
    grant = confirm_grant(by=world.person("representative_a"), grant=request.grants.get())
    request.refresh_from_db()
    assert (lapsed, grant.is_confirmed, request.state) == ([0], True, "approved")
    assert (happened("request.approved"), happened("request.lapsed")) == (1, 0)


# --- second clicks ---------------------------------------------------------------------------------------


def clicked(person: User, name: str, *args: Any, times: int = 3, **body: Any) -> list[int]:
    """The same form sent at once from several tabs: the statuses."""
    url = reverse(name, args=args)
    return at_once(*[lambda: signed_in(person).post(url, body).status_code] * times)


def test_a_second_click_on_approve_gives_one_grant(world: World) -> None:
    request, manager = asked(world), world.person("manager_a")
    seen = seen_on(signed_in(manager).get(reverse("access_request", args=[request.pk])))
    assert clicked(manager, "request_approve", request.pk, as_asked="yes", seen=seen) == [302, 302, 302]
    grant = SharingGrant.objects.get()
    assert grant.status() == "live"
    assert (happened("request.approved"), happened("grant.created")) == (1, 1)
    assert Receipt.objects.filter(grant=grant).count() == 1


def test_a_second_click_on_decline_or_withdraw_changes_nothing(world: World) -> None:
    declined, withdrawn = asked(world), asked(world, "b")
    assert clicked(world.person("manager_a"), "request_decline", declined.pk, reason="") == [302, 302, 302]
    assert clicked(world.person("brand_b_member"), "request_withdraw", withdrawn.pk) == [302, 302, 302]
    assert (happened("request.declined"), happened("request.withdrawn")) == (1, 1)
    assert not SharingGrant.objects.exists()


def test_a_second_click_on_stop_all_ends_each_grant_once(world: World) -> None:
    world.grant()
    world.grant(scope="step1")
    world.grant(brand=world.brand_b)
    manager = world.person("manager_a")
    assert clicked(manager, "stop_all", world.factory_a.pk, reason="") == [302, 302, 302]
    assert (happened("sharing.stopped"), happened("grant.revoked")) == (1, 3)
    assert Receipt.objects.count() == 6
    assert seen_by_brand(world) == seen_by_brand(world, "brand_b_member") == set()


@pytest.mark.parametrize("time", TIMES)
def test_a_yes_against_stop_all_leaves_rows_that_say_what_is_true(world: World, time: int) -> None:
    """Whoever was last decides: either the new grant ended with the others, or it was given after they did."""
    world.grant(brand=world.brand_b)
    request, manager = asked(world), world.person("manager_a")
    answers = at_once(
        lambda: approve_request(by=manager, request=request, scopes=["report"], terms=Terms()),
        lambda: stop_all_sharing(by=manager, factory=world.factory_a),
    )
    assert refusals(answers, ValidationError) == 0
    (grant,) = SharingGrant.objects.filter(brand=world.brand_a)
    assert bool(seen_by_brand(world)) == (grant.ended_at is None)
    assert (grant.ended_at is not None) == any(grant.pk == one.pk for one in answers[1])
    assert not DestroyNotice.objects.exists(), "nothing was downloaded"
