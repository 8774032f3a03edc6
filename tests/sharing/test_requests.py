"""Asking and answering: what the verbs allow, what time does, and what nobody learns from it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, InternalError, connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from assessments.models import Assessment
from brands.models import Brand
from factories.models import Factory
from portal.core.days import days_from_now, end_of
from portal.core.models import Event
from portal.notices.models import Notice
from portal.notices.outbox import notice_kinds
from sharing.codes.queries import id_range, short_code
from sharing.grants.services.outcomes import Terms
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.services.answering import (
    AlreadyAnsweredError,
    approve_request,
    as_asked,
    decline_request,
    snooze_request,
)
from sharing.requests.services.asking import request_access, request_many, withdraw_request
from sharing.requests.services.lapsing import lapse_requests, remind_of_requests
from sharing.requests.services.standing import RequestedTerms, standings
from sharing.terms import StatementTime
from tests.world import World

pytestmark = pytest.mark.django_db
REQUESTED = RequestedTerms(scopes=("report", "step1"), purpose="Sourcing review", cycles="from", cycle_numbers=[2])


def ask(world: World, *, brand: Brand | None = None, factory: Factory | None = None, **changes: Any) -> AccessRequest:
    """A request of brand A's member to factory A, unless said otherwise."""
    brand = brand or world.brand_a
    by = world.person("brand_a_member" if brand == world.brand_a else "brand_b_member")
    terms = RequestedTerms(**{**REQUESTED.__dict__, **changes})
    return request_access(by=by, brand=brand, factory=factory or world.factory_a, terms=terms)


def line(request: AccessRequest, kind: str, reader: Any) -> Any:
    """What the newest notice of a kind about a request says to somebody now."""
    return notice_kinds[kind].line(newest_notice(request, kind), reader)


def newest_notice(request: AccessRequest, kind: str) -> Notice:
    return Notice.objects.filter(kind=kind, subject=str(request.pk)).latest("pk")


def test_a_brand_asks_and_the_factory_is_told(world: World) -> None:
    request = ask(world, message="We met in May.")

    assert request.lapses_on == days_from_now(world.cambodia.request_days, world.factory_a)
    assert request.lapses_at == end_of(request.lapses_on, world.factory_a)
    event = Event.objects.get(kind="request.sent", subject=request.pk)
    assert (event.factory_id, event.brand_id) == (world.factory_a.pk, world.brand_a.pk)
    assert "We met" not in str(event.data)
    notice = Notice.objects.get(kind="request.sent")
    assert (notice.side, notice.organisation_id) == ("factory", world.factory_a.pk)
    told = line(request, "request.sent", world.person("manager_a"))
    assert told.path == f"/requests/{request.pk}/"
    assert "Aster & Oak" in told.text
    for persona in ("member_a", "manager_b", "brand_a_member", "team_leader"):
        assert line(request, "request.sent", world.person(persona)) is None, persona
    assert not Assessment.objects.visible_to(world.person("brand_a_member")).exists()  # asking opens nothing


def test_only_the_brand_asks_and_only_the_factory_answers(world: World) -> None:
    for persona in ("brand_b_member", "manager_a", "global_staff", "outsider", "inactive"):
        with pytest.raises(PermissionDenied):
            request_access(by=world.person(persona), brand=world.brand_a, factory=world.factory_a, terms=REQUESTED)
    request = ask(world)
    for persona in ("member_a", "representative_a", "manager_b", "brand_a_manager", "programme_manager", "advisor"):
        by = world.person(persona)
        for answer in (
            lambda by=by: approve_request(by=by, request=request, scopes=["report"], terms=as_asked(request)),
            lambda by=by: decline_request(by=by, request=request),
            lambda by=by: snooze_request(by=by, request=request, days=3),
        ):
            with pytest.raises(PermissionDenied):
                answer()
    for persona in ("brand_b_member", "manager_a", "global_staff"):
        with pytest.raises(PermissionDenied):
            withdraw_request(by=world.person(persona), request=request)
    request.refresh_from_db()
    assert (request.state, request.snoozed_until) == ("open", None)
    assert not SharingGrant.objects.exists()


def test_who_sees_a_request(world: World) -> None:
    request = ask(world)
    sees = {"manager_a", "member_a", "representative_a", "brand_a_manager", "brand_a_member", "team_leader",
            "programme_manager", "global_staff"}  # fmt: skip
    for persona, person in world.people.items():
        if person is not None:
            assert AccessRequest.objects.visible_to(person).filter(pk=request.pk).exists() == (persona in sees), persona


def test_a_yes_gives_what_was_asked_and_the_brand_is_told(world: World) -> None:
    request = ask(world, expires_at=timezone.now() + timedelta(days=100))
    manager = world.person("manager_a")

    approve_request(by=manager, request=request, scopes=request.scopes, terms=as_asked(request))
    again = approve_request(by=manager, request=request, scopes=request.scopes, terms=as_asked(request))

    grants = list(again.grants.order_by("scope"))
    assert [grant.scope for grant in grants] == ["report", "step1"]
    for grant in grants:
        assert (grant.cycles, grant.cycle_numbers, grant.expires_at) == ("from", [2], request.expires_at)
        assert (grant.purpose, grant.hold_days) == ("Sourcing review", world.cambodia.grant_default_hold_days)
    assert [one.cycle for one in Assessment.objects.visible_to(world.person("brand_a_member"))] == [2]
    assert "approved" in line(request, "request.answered", world.person("brand_a_member")).text
    assert line(request, "request.answered", world.person("brand_b_member")) is None
    payload = notice_kinds["request.answered"].payload
    assert payload is not None
    told = payload(newest_notice(request, "request.answered"))
    assert told is not None
    assert told["factory"] == {"id": world.factory_a.pk, "bw_id": "KH-0001"}
    assert (told["request"], told["state"]) == (str(request.pk), "approved")
    assert told["url"].endswith(f"/api/v1/requests/{request.pk}/")
    assert line(request, "request.sent", manager) is None
    assert Event.objects.filter(kind="request.approved").count() == 1


@pytest.mark.parametrize(
    ("asked", "scopes", "terms", "field"),
    [
        ({}, ["report", "improvement_plan"], {"cycles": "from", "cycle_numbers": [2]}, "scopes"),
        ({}, [], {"cycles": "from", "cycle_numbers": [2]}, "scopes"),
        ({}, ["report"], {"cycles": "all"}, "cycles"),
        ({}, ["report"], {"cycles": "from", "cycle_numbers": [1]}, "cycles"),
        ({}, ["report"], {"cycles": "only", "cycle_numbers": [1]}, "cycles"),
        ({"cycles": "only"}, ["report"], {"cycles": "from", "cycle_numbers": [2]}, "cycles"),
        (
            {"cycles": "only", "cycle_numbers": [2, 4]},
            ["report"],
            {"cycles": "only", "cycle_numbers": [2, 3]},
            "cycles",
        ),
        ({"cycles": "only"}, ["report"], {"cycles": "only"}, "cycle_numbers"),
        ({"expires_at": 100}, ["report"], {"cycles": "only", "cycle_numbers": [2]}, "expires_at"),
        ({"expires_at": 100}, ["report"], {"cycles": "only", "cycle_numbers": [2], "expires_at": 101}, "expires_at"),
    ],
)
def test_an_answer_is_never_wider_than_the_request(
    world: World, asked: dict[str, Any], scopes: list[str], terms: dict[str, Any], field: str
) -> None:
    now = timezone.now()
    for words in (asked, terms):
        if "expires_at" in words:
            words["expires_at"] = now + timedelta(days=words["expires_at"])
    request = ask(world, **asked)
    with pytest.raises(ValidationError) as refused:
        approve_request(by=world.person("manager_a"), request=request, scopes=scopes, terms=Terms(**terms))
    assert set(refused.value.message_dict) == {field}
    request.refresh_from_db()
    assert request.state == "open"
    assert not SharingGrant.objects.exists()


@pytest.mark.parametrize(
    ("cycles", "numbers", "words"),
    [
        ("all", [2], "Leave the cycle numbers empty"),
        ("from", [], "Enter one cycle number"),
        ("from", [1, 2], "Enter one cycle number"),
        ("only", [], "Enter at least one cycle number"),
        ("only", [0, 2], "Enter cycle numbers from 1 to 200"),
        ("only", [201], "Enter cycle numbers from 1 to 200"),
        ("only", list(range(1, 32)), "Enter up to 30 cycle numbers"),
    ],
)
def test_what_names_too_few_or_too_many_cycles_is_neither_asked_nor_shared(
    world: World, cycles: str, numbers: list[int], words: str
) -> None:
    named: dict[str, Any] = {"cycles": cycles, "cycle_numbers": numbers}
    for attempt in (lambda: ask(world, **named), lambda: world.grant(**named)):
        with pytest.raises(ValidationError, match=words) as refused:
            attempt()
        assert set(refused.value.message_dict) == {"cycle_numbers"}
    with pytest.raises(ValidationError, match="Choose which cycles"):
        ask(world, cycles="none")


def test_a_yes_keeps_what_covers_it_and_replaces_what_does_not(world: World) -> None:
    wide, narrow = world.grant(scope="report"), world.grant(scope="step1", cycles="only", cycle_numbers=[2])
    request = ask(world)

    approve_request(by=world.person("manager_a"), request=request, scopes=request.scopes, terms=as_asked(request))

    wide.refresh_from_db()
    narrow.refresh_from_db()
    assert wide.ended_at is None
    assert narrow.ended_at is not None
    assert set(request.grants.all()) == {wide, narrow.followed_by}
    assert narrow.followed_by.cycles_in_words() == "From cycle 2 on"


def test_a_no_may_say_why_and_a_brand_waits_before_it_asks_again(world: World, monkeypatch: Any) -> None:
    request = ask(world)
    with pytest.raises(ValidationError, match="has not answered yet"):
        ask(world)
    decline_request(by=world.person("manager_a"), request=request, reason="No orders\n since May. ")
    request.refresh_from_db()
    assert request.decline_reason == "No orders\n since May."
    assert "declined" in line(request, "request.answered", world.person("brand_a_manager")).text
    with pytest.raises(ValidationError, match="again from"):
        ask(world, scopes=("improvement_plan",))
    ask(world, factory=world.factory_b)
    ask(world, brand=world.brand_b)
    today = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: today + timedelta(days=world.cambodia.request_again_days, minutes=1))
    assert ask(world).state == "open"


def test_after_a_yes_the_brand_may_ask_for_something_else_at_once(world: World) -> None:
    request = ask(world, scopes=("report",))
    approve_request(by=world.person("manager_a"), request=request, scopes=["report"], terms=as_asked(request))
    with pytest.raises(ValidationError, match="again from"):
        ask(world, scopes=("report",), cycles="all", cycle_numbers=[])
    assert ask(world, scopes=("step1",)).state == "open"


def test_what_is_shared_already_is_not_asked_for(world: World) -> None:
    world.grant(scope="report")
    with pytest.raises(ValidationError, match="already"):
        ask(world, scopes=("report",))
    assert ask(world).state == "open"  # Step 1 data is not


def test_silence_is_never_consent(world: World, monkeypatch: Any) -> None:
    request, today = ask(world), timezone.now()
    assert (lapse_requests(), remind_of_requests()) == (0, 0)
    AccessRequest.objects.filter(pk=request.pk).update(remind_at=today - timedelta(hours=1))
    assert (remind_of_requests(), remind_of_requests()) == (1, 0)
    assert "still waiting" in line(request, "request.reminded", world.person("manager_a")).text

    monkeypatch.setattr(timezone, "now", lambda: request.lapses_at + timedelta(minutes=1))
    with pytest.raises(AlreadyAnsweredError, match="expired on"):
        approve_request(by=world.person("manager_a"), request=request, scopes=["report"], terms=as_asked(request))
    later = (request.lapses_at - today).days + 1
    monkeypatch.setattr(StatementTime, "template", f"(%(function)s() + INTERVAL '{later} days')")
    assert (lapse_requests(), lapse_requests()) == (1, 0)

    request.refresh_from_db()
    assert (request.state, request.answered_at, request.answered_by) == ("lapsed", request.lapses_at, None)
    assert not SharingGrant.objects.exists()
    assert "did not answer" in line(request, "request.lapsed", world.person("brand_a_member")).text
    assert line(request, "request.reminded", world.person("manager_a")) is None
    with pytest.raises(ValidationError, match="again from"):
        ask(world)


def test_later_keeps_the_factory_in_peace_and_the_brand_in_the_dark(world: World) -> None:
    request = ask(world)
    with pytest.raises(ValidationError):
        snooze_request(by=world.person("manager_a"), request=request, days=1000)
    snooze_request(by=world.person("manager_a"), request=request, days=7)
    request.refresh_from_db()
    assert request.remind_at == request.snoozed_until
    assert not AccessRequest.objects.waiting().exists()
    assert AccessRequest.objects.put_off().get() == request
    assert line(request, "request.sent", world.person("manager_a")) is None
    assert not Notice.objects.filter(side="brand").exists()
    snooze_request(by=world.person("manager_a"), request=request, days=1)
    decline_request(by=world.person("manager_a"), request=request)


def test_whoever_is_second_is_told_who_was_first(world: World) -> None:
    request = ask(world)
    withdraw_request(by=world.person("brand_a_manager"), request=request)
    withdraw_request(by=world.person("brand_a_member"), request=request)
    with pytest.raises(AlreadyAnsweredError, match="cancelled this request"):
        decline_request(by=world.person("manager_a"), request=request)
    with pytest.raises(ValidationError, match="again from"):
        ask(world)
    other = ask(world, brand=world.brand_b)
    decline_request(by=world.person("manager_a"), request=other)
    with pytest.raises(AlreadyAnsweredError, match="Manager A declined"):
        approve_request(by=world.person("manager_a"), request=other, scopes=["report"], terms=as_asked(other))
    with pytest.raises(AlreadyAnsweredError):
        withdraw_request(by=world.person("brand_b_member"), request=other)


def test_a_brand_cannot_flood(world: World, settings: Any) -> None:
    settings.REQUESTS_A_DAY = 2
    by, factories = world.person("brand_a_manager"), [world.factory_a, world.factory_b, world.factory_vn]
    with pytest.raises(ValidationError, match=r"24 hours; 2 remain"):
        request_many(by=by, brand=world.brand_a, factories=factories, terms=REQUESTED)
    assert not AccessRequest.objects.exists()
    asked = request_many(by=by, brand=world.brand_a, factories=[*factories[:2], world.factory_a], terms=REQUESTED)
    assert ([one.factory for one in asked.requests], asked.refused) == (factories[:2], [])
    with pytest.raises(ValidationError, match=r"24 hours; 0 remain"):
        request_access(by=by, brand=world.brand_a, factory=world.factory_vn, terms=REQUESTED)
    assert ask(world, brand=world.brand_b).state == "open"


def test_asking_many_costs_two_writes_each_and_says_who_was_left_out(
    world: World, django_assert_max_num_queries: Any
) -> None:
    Factory.objects.filter(pk=world.factory_vn.pk).update(enrolment_status="left")
    ask(world, factory=world.factory_b)
    more = Factory.objects.bulk_create(
        Factory(programme=world.cambodia, bw_id=f"KH-1{n}", name=f"Lily {n}", enrolment_status="enrolled")
        for n in range(8)
    )
    everybody = [world.factory_a, world.factory_b, world.factory_vn, *more]
    with django_assert_max_num_queries(14 + 2 * 9):
        asked = request_many(
            by=world.person("brand_a_member"), brand=world.brand_a, factories=everybody, terms=REQUESTED
        )
    assert [factory for factory, _why in asked.refused] == [world.factory_b, world.factory_vn]
    assert len(asked.requests) == 9


def test_invariant_3_where_a_brand_stands_depends_on_nothing_of_others(world: World) -> None:
    def seen() -> tuple[str, bool]:
        standing = standings(world.person("brand_a_member"), world.brand_a, [world.factory_a.pk])[world.factory_a.pk]
        return standing.in_words(), standing.may_ask

    before = seen()
    world.grant(brand=world.brand_b)
    ask(world, brand=world.brand_b, scopes=("step1",))
    assert seen() == before == ("", True)


def test_the_database_keeps_what_was_asked(world: World, time_machine: Any) -> None:
    request = ask(world)
    statements = [
        "UPDATE sharing_accessrequest SET scopes = ARRAY['report']",
        "UPDATE sharing_accessrequest SET purpose = 'x'",
        "DELETE FROM sharing_accessrequest",
        "UPDATE sharing_accessrequest SET state = 'approved'",
        "DELETE FROM sharing_requestanswer",
    ]
    for statement in statements:
        with pytest.raises((IntegrityError, InternalError, ProgrammingError)), transaction.atomic():
            connection.cursor().execute(statement)
    decline_request(by=world.person("manager_a"), request=request)
    # For some minutes the answer may be undone, and in no other way changed.
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        AccessRequest.objects.update(state="approved")
    AccessRequest.objects.update(state="open", answered_at=None, answered_by=None)
    time_machine.move_to(timezone.now() - timedelta(minutes=16))
    decline_request(by=world.person("manager_a"), request=AccessRequest.objects.get())
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        AccessRequest.objects.update(state="open", answered_at=None, answered_by=None)
    assert AccessRequest.objects.get().state == "declined"


def test_a_code_names_a_row_however_it_is_typed(world: World) -> None:
    request = ask(world)
    assert request.code == short_code(request.pk)
    for typed in (request.code, request.code.lower(), request.code.replace("-", " "), f" {request.code} "):
        low, high = id_range(typed) or (None, None)
        assert low <= request.pk <= high
    swapped = request.code.replace("0", "O").replace("1", "l")
    assert id_range(swapped) == id_range(request.code)
    for nonsense in ("", "x", "AAAA-BBBB-CCC", "AAAA-BBBB-CCC!", "\0" * 12, "ÄÄÄÄ-BBBB-CCCC", "9" * 10_000):
        assert id_range(nonsense) is None, nonsense
