"""A yes that waits for the second person: to the brand its request is open in every respect (G3)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from factories.models import Factory
from portal.core.days import day_of, start_of
from portal.core.models import Event
from portal.notices.models import Notice
from sharing.confirming.services import confirm_grant, refuse_grant, switch_confirmation_on
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.grants.services.situation import Situation
from sharing.models import AccessRequest, Receipt, SharingGrant
from sharing.requests.services import dropping
from sharing.requests.services.answering import (
    AlreadyAnsweredError,
    approve_request,
    as_asked,
    decline_request,
    snooze_request,
)
from sharing.requests.services.asking import request_access
from sharing.requests.services.dropping import drop_proposals
from sharing.requests.services.lapsing import lapse_requests, remind_of_requests
from sharing.requests.services.standing import RequestedTerms, standings
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def confirming(world: World) -> World:
    """Factory A wants a second person."""
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    world.factory_a.refresh_from_db()
    return world


def ask(world: World, *scopes: str) -> AccessRequest:
    terms = RequestedTerms(scopes or ("report",), "Sourcing")
    return request_access(by=world.person("brand_a_manager"), brand=world.brand_a, factory=world.factory_a, terms=terms)


def approved(world: World, *scopes: str) -> AccessRequest:
    """Return a request to which a manager said yes."""
    request = ask(world, *scopes)
    return approve_request(
        by=world.person("manager_a"), request=request, scopes=request.scopes, terms=as_asked(request)
    )


def approved_before(world: World, ago: timedelta, time_machine: Any) -> AccessRequest:
    """Return a request to which a manager said yes so long ago."""
    now = timezone.now()
    time_machine.move_to(now - ago)
    request = approved(world)
    time_machine.move_to(now)
    return request


def approved_and_lapsed(world: World, time_machine: Any) -> AccessRequest:
    """Return a request to which a manager said yes, and whose last day is over."""
    return approved_before(world, timedelta(days=world.cambodia.request_days + 1, hours=1), time_machine)


def shown(world: World, persona: str) -> str:
    person = world.person(persona)
    row: Any = AccessRequest.objects.visible_to(person).for_reader(person).latest("created_at")
    return str(row.shown_state)


def answers_told() -> int:
    return Notice.objects.filter(kind="request.answered", side="brand").count()


def word(world: World) -> str:
    return standings(world.person("brand_a_member"), world.brand_a, [world.factory_a.pk])[world.factory_a.pk].word


def test_it_is_an_open_request_to_the_brand_alone(confirming: World, client_of: Any) -> None:
    world, request = confirming, approved(confirming)
    assert (request.state, request.answered_at, answers_told(), word(world)) == ("open", None, 0, "asked")
    assert (shown(world, "manager_a"), shown(world, "brand_a_member")) == ("unconfirmed", "open")
    page = client_of(world.person("brand_a_member")).get(f"/requests/{request.pk}/").content.decode()
    assert "Cancel the request" in page

    inbox = client_of(world.person("manager_a")).get(f"/factories/{world.factory_a.pk}/requests/").content.decode()
    assert "Waiting for confirmation" in inbox
    assert not AccessRequest.objects.waiting().exists()
    AccessRequest.objects.update(remind_at=timezone.now() - timedelta(hours=1))
    assert remind_of_requests() == 0  # nobody is reminded of what they did


def test_nobody_answers_it_a_second_time(confirming: World) -> None:
    world, request = confirming, approved(confirming)
    manager = world.person("manager_a")
    again = approve_request(by=manager, request=request, scopes=["report"], terms=as_asked(request))
    assert (again.state, SharingGrant.objects.count()) == ("open", 1)
    with pytest.raises(AlreadyAnsweredError, match="already approved"):
        decline_request(by=manager, request=request)
    with pytest.raises(AlreadyAnsweredError, match="already approved"):
        snooze_request(by=manager, request=request, days=3)


def test_a_confirmation_answers_it(confirming: World, time_machine: Any) -> None:
    world, request = confirming, approved_before(confirming, timedelta(days=2), time_machine)
    confirm_grant(by=world.person("representative_a"), grant=request.grants.get())
    request.refresh_from_db()
    assert (request.state, request.answered_by, answers_told()) == ("approved", world.person("manager_a"), 1)
    assert request.answered_at is not None
    assert timezone.now() - request.answered_at < timedelta(hours=1)
    assert Event.objects.get(kind="request.approved").actor == world.person("representative_a")


def test_a_refusal_answers_it_and_the_days_to_ask_again_count_from_there(confirming: World, time_machine: Any) -> None:
    world, request = confirming, approved_before(confirming, timedelta(days=2), time_machine)
    refuse_grant(by=world.person("representative_a"), grant=request.grants.get(), reason="Not yet")
    request.refresh_from_db()
    assert (request.state, request.decline_reason, answers_told()) == ("declined", "", 1)
    assert (shown(world, "manager_a"), shown(world, "brand_a_member")) == ("refused", "declined")
    again = standings(world.person("brand_a_member"), world.brand_a, [world.factory_a.pk])[
        world.factory_a.pk
    ].next_time()
    first_day = day_of(request.answered_at, world.factory_a) + timedelta(days=world.cambodia.request_again_days)
    assert again == start_of(first_day, world.factory_a)
    assert timezone.now() - request.answered_at < timedelta(hours=1)


def test_it_is_answered_once_nothing_of_it_waits(confirming: World) -> None:
    world, request = confirming, approved(confirming, "report", "step1")
    report, step1 = request.grants.order_by("scope")
    second = world.person("representative_a")
    refuse_grant(by=second, grant=report)
    request.refresh_from_db()
    assert (request.state, answers_told()) == ("open", 0)
    confirm_grant(by=second, grant=step1)
    request.refresh_from_db()
    assert (request.state, answers_told()) == ("approved", 1)


def test_one_yes_answers_it_and_the_other_can_still_be_confirmed(confirming: World) -> None:
    world, request = confirming, approved(confirming, "report", "step1")
    report, step1 = request.grants.order_by("scope")
    second = world.person("representative_a")
    confirm_grant(by=second, grant=report)
    request.refresh_from_db()
    assert (request.state, drop_proposals()) == ("approved", 0)
    assert confirm_grant(by=second, grant=step1).status() == "live"
    assert answers_told() == 1


def test_what_was_confirmed_just_in_time_is_not_dropped(
    confirming: World, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, request = confirming, approved_and_lapsed(confirming, time_machine)
    lock = dropping.locked_situation

    def locked_after_the_second_person(*args: Any) -> Any:
        request.grants.update(confirmed_at=timezone.now(), confirmed_by=world.person("representative_a"))
        return lock(*args)

    monkeypatch.setattr(dropping, "locked_situation", locked_after_the_second_person)
    assert (lapse_requests(), drop_proposals(), request.grants.get().status()) == (1, 0, "live")


def test_what_the_brand_has_already_does_not_answer_it_before_the_second_person(world: World) -> None:
    world.grant(scope="report")
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    request = approved(world, "report", "step1")
    assert (request.state, answers_told()) == ("open", 0)
    refuse_grant(by=world.person("representative_a"), grant=request.grants.get(scope="step1"))
    request.refresh_from_db()
    assert (request.state, answers_told()) == ("approved", 1)


def test_what_the_brand_has_already_stands_at_its_request_once_that_is_answered(world: World, client_of: Any) -> None:
    world.grant(scope="report")
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    request = approved(world, "report", "step1")
    pages = {side: client_of(world.person(side)) for side in ("brand_a_member", "manager_a")}

    def given(side: str) -> list[str]:
        return [grant.scope for grant in pages[side].get(f"/requests/{request.pk}/").context["grants"]]

    assert (given("brand_a_member"), given("manager_a")) == ([], ["report", "step1"])
    confirm_grant(by=world.person("representative_a"), grant=request.grants.get(scope="step1"))
    assert given("brand_a_member") == ["report", "step1"]


def test_taking_it_back_ends_what_waits(confirming: World, api_of: Any) -> None:
    world, request = confirming, approved(confirming)
    answer = api_of(world.person("brand_a_member")).post(f"/api/v1/requests/{request.pk}/withdraw/", {}, format="json")
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
    grant = request.grants.get()
    assert (grant.status(), grant.ended_by, grant.confirmed_at) == ("ended", None, None)
    receipt = Receipt.objects.get(grant=grant, kind="ended")
    assert (receipt.actor, receipt.payload["acted"]) == (None, {"side": "portal", "role": "automatic"})
    assert Event.objects.get(kind="grant.dropped").actor is None
    with pytest.raises(ValidationError):
        confirm_grant(by=world.person("representative_a"), grant=grant)
    assert not Receipt.objects.visible_to(world.person("brand_a_member")).exists()


def test_it_lapses_and_nobody_can_confirm_it_then(confirming: World, time_machine: Any) -> None:
    world, request = confirming, approved_and_lapsed(confirming, time_machine)
    grant = request.grants.get()
    assert shown(world, "brand_a_member") == "lapsed"
    with pytest.raises(ValidationError, match="no longer open"):
        confirm_grant(by=world.person("representative_a"), grant=grant)
    assert (lapse_requests(), drop_proposals(), drop_proposals()) == (1, 1, 0)
    grant.refresh_from_db()
    assert (grant.status(), Notice.objects.filter(kind="request.lapsed").count()) == ("ended", 1)


def test_it_is_answered_if_it_lapses_while_it_is_confirmed(
    confirming: World, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, request = confirming, approved(confirming)
    after = request.lapses_at + timedelta(seconds=1)
    monkeypatch.setattr(Situation, "refuse_while_handed_over", lambda _situation: time_machine.move_to(after))
    grant = confirm_grant(by=world.person("representative_a"), grant=request.grants.get())
    request.refresh_from_db()
    assert (grant.is_confirmed, request.state, answers_told()) == (True, "approved", 1)
    assert (lapse_requests(), drop_proposals()) == (0, 0)


def test_what_waits_for_an_open_request_is_not_dropped(confirming: World) -> None:
    approved(confirming)
    assert (lapse_requests(), drop_proposals()) == (0, 0)


def test_a_manager_takes_the_yes_back_and_the_request_is_to_be_decided_again(confirming: World) -> None:
    world, request = confirming, approved(confirming)
    revoke_access(by=world.person("manager_a"), grant=request.grants.get())
    assert (shown(world, "manager_a"), shown(world, "brand_a_member"), answers_told()) == ("open", "open", 0)
    assert AccessRequest.objects.waiting().get() == request
    decline_request(by=world.person("manager_a"), request=request)
    assert (shown(world, "manager_a"), answers_told()) == ("declined", 1)


def test_a_changed_yes_answers_it(confirming: World) -> None:
    world, request = confirming, approved(confirming)
    changed = change_grant(
        by=world.person("manager_a"), grant=request.grants.get(), terms=Terms(purpose="Sourcing", hold_days=3)
    )
    assert shown(world, "manager_a") == "unconfirmed"
    confirm_grant(by=world.person("representative_a"), grant=changed)
    request.refresh_from_db()
    assert (request.state, answers_told()) == ("approved", 1)


def test_a_yes_after_one_that_ran_out_unconfirmed_is_given_once(confirming: World, time_machine: Any) -> None:
    world, now, manager = confirming, timezone.now(), confirming.person("manager_a")
    time_machine.move_to(now - timedelta(days=2))
    request = ask(world)
    short = Terms(purpose="Sourcing", expires_at=now - timedelta(days=1))
    approve_request(by=manager, request=request, scopes=["report"], terms=short)
    time_machine.move_to(now)
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=False)
    approve_request(by=manager, request=request, scopes=["report"], terms=as_asked(request))
    request.refresh_from_db()
    assert (request.state, answers_told(), request.grants.confirmed().count()) == ("approved", 1, 1)
    assert Event.objects.filter(kind="request.approved").count() == 1
