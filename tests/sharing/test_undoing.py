"""Undo: for ten minutes, by who decided, unless the brand has used it since; so long the brand is not notified."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessments.reports.services import order_report
from portal.accounts.models import User
from portal.core.changed import HasChangedError
from portal.core.models import Event
from portal.notices.handing_out import hand_out_notices
from portal.notices.models import MailItem, Notice
from portal.notices.outbox import notice_kinds
from sharing import access
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.undo import may_be_undone
from sharing.models import AccessRequest, FirstUse, Receipt, SharingGrant
from sharing.records.services import record_access
from sharing.requests.services.answering import approve_request, as_asked, decline_request
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from sharing.requests.services.undoing import undo
from tests.world import World

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture
def request_of_a(world: World) -> AccessRequest:
    terms = RequestedTerms(scopes=("report", "step1"), purpose="Sourcing review")
    return request_access(by=world.person("brand_a_member"), brand=world.brand_a, factory=world.factory_a, terms=terms)


def undo_grant(world: World, grant: SharingGrant, by: str = "manager_a") -> list[SharingGrant]:
    return undo(by=world.person(by), factory=world.factory_a, grants={grant.pk}).grants


def read(world: World, grant: SharingGrant) -> None:
    record_access(
        by=world.person("brand_a_member"), assessment=world.assessments["a2"], openings={"report": grant}, action="view"
    )


def notified(side: str = "brand") -> list[str]:
    hand_out_notices()
    mailed = MailItem.objects.filter(notice__side=side).exclude(notice__data__is_mailed=False)
    return sorted(mailed.values_list("notice__kind", flat=True).distinct())


def told_programs(world: World) -> list[tuple[str, str, str | None]]:
    """The type, the grant and what it replaces, of each webhook of a grant that left by now, as it is sent now."""
    hand_out_notices()
    handled = Notice.objects.filter(side="brand", kind__startswith="grant.", handled_at__isnull=False).order_by("pk")
    payloads = [(one.kind, (kind := notice_kinds[one.kind]).payload and kind.payload(one)) for one in handled]
    return [(kind, data["grant"], data.get("replaces")) for kind, data in payloads if data]


def test_an_undone_grant_ends_with_its_own_code_event_and_receipt(world: World) -> None:
    grant = world.grant()
    assert undo_grant(world, grant) == [grant]
    grant.refresh_from_db()
    assert (grant.end_code, grant.ended_by) == ("undone", world.person("manager_a"))
    assert Event.objects.filter(kind="grant.undone", subject=str(grant.pk)).count() == 1
    assert Receipt.objects.filter(grant=grant, kind="ended").count() == 1
    assert undo_grant(world, grant) == []  # a second click
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        SharingGrant.objects.filter(pk=grant.pk).update(end_code="", ended_at=None)


def test_the_brand_is_notified_when_a_decision_can_no_longer_be_undone(world: World, time_machine: Any) -> None:
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    world.grant()
    assert notified() == []
    time_machine.move_to(start + timedelta(minutes=9, seconds=50), tick=False)
    assert notified() == []
    time_machine.move_to(start + timedelta(minutes=10), tick=False)
    assert notified() == ["grant.started"]


def test_a_read_by_the_brand_settles_a_decision(world: World) -> None:
    grant = world.grant()
    read(world, grant)
    with pytest.raises(HasChangedError, match="has read data or the receipt since"):
        undo_grant(world, grant)
    assert notified() == ["grant.started"]


def test_what_is_undone_leaves_no_news(world: World, time_machine: Any) -> None:
    grant = world.grant(expires_at=timezone.now() + timedelta(days=40))
    undo_grant(world, grant)
    for later in (timedelta(minutes=11), timedelta(days=41)):
        time_machine.move_to(timezone.now() + later)
        assert notified() == []
    assert not Notice.objects.filter(side="brand", kind="access.ended").exists()


def test_after_ten_minutes_or_by_somebody_else_nothing_is_undone(world: World, time_machine: Any) -> None:
    grant = world.grant()
    assert may_be_undone(grant, world.person("manager_a"), timezone.now(), is_settled=False)
    assert not may_be_undone(grant, world.person("manager_a"), timezone.now(), is_settled=True)
    assert not may_be_undone(grant, world.person("manager_b"), timezone.now(), is_settled=False)
    time_machine.move_to(timezone.now() + timedelta(minutes=10))
    with pytest.raises(HasChangedError, match="10 minutes have passed"):
        undo_grant(world, grant)
    grant.refresh_from_db()
    assert grant.ended_at is None


def test_an_undone_change_brings_the_terms_before_back(world: World, time_machine: Any) -> None:
    time_machine.move_to(timezone.now() - timedelta(days=3))
    old = world.grant(purpose="Sourcing", hold_days=2)
    time_machine.move_to(timezone.now() + timedelta(days=3))
    hand_out_notices()
    MailItem.objects.all().delete()
    new = change_grant(by=world.person("manager_a"), grant=old, terms=Terms(cycles="only", cycle_numbers=[1]))
    assert notified() == []  # of what the change opens at once neither
    undo_grant(world, new)
    now = SharingGrant.objects.get(factory=world.factory_a, brand=world.brand_a, ended_at=None)
    assert (now.cycles, now.purpose, now.hold_days, now.replaces_id) == ("all", "Sourcing", 2, new.pk)
    new.refresh_from_db()
    assert new.end_code == "undone"
    time_machine.move_to(timezone.now() + timedelta(minutes=11))
    assert notified() == []  # people know these terms; programs are told what they are called now
    assert told_programs(world) == [("grant.changed", str(now.pk), str(old.pk))]


@pytest.mark.parametrize("minutes", [2, 9])
def test_access_that_was_changed_before_the_brand_was_notified_is_told_once_the_change_is_undone(
    world: World, time_machine: Any, minutes: int
) -> None:
    """Also where the time of the first notice came while the change was in its place."""
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    first = world.grant()
    time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
    change = change_grant(by=world.person("manager_a"), grant=first, terms=Terms(cycles="only", cycle_numbers=[1]))
    time_machine.move_to(start + timedelta(minutes=minutes + 5), tick=False)
    assert notified() == ([] if minutes == 2 else ["grant.started"])  # the item of a mail that says nothing
    MailItem.objects.all().delete()
    undo_grant(world, change)
    now = SharingGrant.objects.get(ended_at=None)
    assert told_programs(world) == [("grant.started", str(now.pk), str(first.pk))]
    assert notified() == ["grant.started"]


def test_what_an_undo_brought_back_is_not_undone(world: World, time_machine: Any) -> None:
    """The brand may know these terms by now: they end with a notice, or not at all."""
    time_machine.move_to(timezone.now() - timedelta(days=3))
    old = world.grant()
    time_machine.move_to(timezone.now() + timedelta(days=3))
    undo_grant(world, change_grant(by=world.person("manager_a"), grant=old, terms=Terms(purpose="All of it")))
    with pytest.raises(HasChangedError):
        undo_grant(world, SharingGrant.objects.get(ended_at=None))


# --- what uses a decision ------------------------------------------------------------------------------------


def order(world: World, client_of: Browser) -> None:
    a2 = world.assessments["a2"]
    order_report(by=world.person("brand_a_member"), assessment=a2, scope="report", language="en", format="csv")


def get(address: str) -> Callable[[World, Browser], None]:
    def ask(world: World, client_of: Browser) -> None:
        [number] = Receipt.objects.values_list("number", flat=True)
        place = address.format(receipt=number, report=world.assessments["a2"].pk)
        answer = client_of(world.person("brand_a_member")).get(place)
        assert answer.status_code == 200
        assert answer.content

    return ask


USES = {
    "page": get("/assessments/{report}/"),
    "API": get("/api/v1/assessments/{report}/"),
    "list": get("/shared/"),
    "list over the API": get("/api/v1/shared/"),
    "other list over the API": get("/api/v1/assessments/"),
    "search that finds it": get("/shared/?cluster=Compensation"),
    "search that does not find it": get("/shared/?cluster=Child+Labour"),
    "order": order,
    "receipt": get("/receipts/{receipt}/"),
    "JSON of the receipt": get("/receipts/{receipt}/json/"),
    "receipt over the API": get("/api/v1/receipts/{receipt}/"),
    "proof of the receipt": get("/api/v1/receipts/{receipt}/proof/"),
}


def test_the_page_of_another_cycle_settles_what_opens_the_cycles_that_it_lists(
    world: World, client_of: Browser, time_machine: Any
) -> None:
    """An old grant opens the page; the new one only adds a row to its history."""
    time_machine.move_to(timezone.now() - timedelta(days=3))
    world.grant(scope="step1", cycles="only", cycle_numbers=[1])
    time_machine.move_to(timezone.now() + timedelta(days=3))
    page, browser = f"/assessments/{world.assessments['a1'].pk}/", client_of(world.person("brand_a_member"))
    assert [row["assessment"].cycle for row in browser.get(page).context["history"]] == [1]
    undone = world.grant(cycles="only", cycle_numbers=[2])
    assert undo_grant(world, undone) == [undone]
    grant = world.grant(cycles="only", cycle_numbers=[2])
    assert [row["assessment"].cycle for row in browser.get(page).context["history"]] == [2, 1]
    with pytest.raises(HasChangedError, match="has read data or the receipt since"):
        undo_grant(world, grant)


@pytest.mark.parametrize("use", USES)
def test_whatever_gives_the_brand_something_of_a_grant_settles_it(world: World, client_of: Browser, use: str) -> None:
    grant = world.grant()
    USES[use](world, client_of)
    with pytest.raises(HasChangedError, match="has read data or the receipt since"):
        undo_grant(world, grant)
    assert notified() == ["grant.started"]
    page = client_of(world.person("manager_a")).get(f"/factories/{world.factory_a.pk}/brands/{world.brand_a.pk}/")
    assert "You can undo" not in page.content.decode()


@pytest.mark.parametrize(
    "address", ["/", "/api/v1/grants/", "/api/v1/receipts/", "/api/v1/assessments/{report}/explain/?scope=report"]
)
def test_knowing_of_a_decision_settles_nothing_and_the_message_says_so(
    world: World, client_of: Browser, address: str
) -> None:
    grant = world.grant()
    client_of(world.person("brand_a_member")).get(address.format(report=world.assessments["a2"].pk))
    manager = client_of(world.person("manager_a"))
    answer = manager.post(f"/factories/{world.factory_a.pk}/undo/", {"grants": [str(grant.pk)]}, follow=True)
    assert "was not notified, but may have seen the decision on its own pages." in answer.content.decode()


@pytest.mark.parametrize("persona", ["manager_a", "programme_manager", "brand_b_member"])
def test_others_and_previews_settle_nothing(world: World, client_of: Browser, persona: str) -> None:
    grant = world.grant()
    browser = client_of(world.person(persona))
    look = f"/factories/{world.factory_a.pk}/sharing/as/{world.brand_a.pk}/"
    for address in ("/shared/", "/api/v1/shared/", "/api/v1/assessments/?cluster=Compensation", look):
        browser.get(address)
    browser.get(f"/receipts/{Receipt.objects.get().number}/json/")
    assert undo_grant(world, grant) == [grant]


def test_a_list_of_what_is_settled_asks_and_writes_nothing_more(
    world: World, client_of: Browser, time_machine: Any
) -> None:
    time_machine.move_to(timezone.now() - timedelta(minutes=30))
    world.grant()
    time_machine.move_to(timezone.now() + timedelta(minutes=30))
    browser = client_of(world.person("brand_a_member"))
    with CaptureQueriesContext(connection) as run:
        assert len(browser.get("/shared/").context["rows"]) == 2
    assert [one["sql"] for one in run.captured_queries if "firstuse" in one["sql"]] == []
    assert not FirstUse.objects.exists()


def test_an_undone_change_of_the_start_alone_brings_the_access_back(world: World) -> None:
    old = world.grant()
    later = timezone.now() + timedelta(days=5)
    undo_grant(world, change_grant(by=world.person("manager_a"), grant=old, terms=Terms(valid_from=later)))
    now = SharingGrant.objects.get(factory=world.factory_a, brand=world.brand_a, ended_at=None)
    assert (now.status(), now.replaces_id) == ("live", SharingGrant.objects.get(replaces=old).pk)
    assert access.decide(world.person("brand_a_member"), world.assessments["a2"], "report")


def test_the_brand_never_sees_what_was_undone(world: World, time_machine: Any, api_of: Any, client_of: Browser) -> None:
    """Not the grant, its receipts or its readings of a past moment; what it had before continues without it."""
    start = timezone.now()
    time_machine.move_to(start - timedelta(days=3))
    old = world.grant(purpose="Sourcing")
    time_machine.move_to(start)
    mistaken = [
        world.grant(scope="step1"),
        change_grant(by=world.person("manager_a"), grant=old, terms=Terms(purpose="All of it")),
    ]
    between = timezone.now()
    for one in mistaken:
        undo_grant(world, one)
    member, factory = world.person("brand_a_member"), world.factory_a
    now = SharingGrant.objects.get(factory=factory, brand=world.brand_a, ended_at=None)
    rows = {row["id"]: row for row in api_of(member).get("/api/v1/grants/").json()["results"]}
    assert set(rows) == {str(old.pk), str(now.pk)}
    assert rows[str(now.pk)]["replaces"] == str(old.pk)
    numbers = {row["number"] for row in api_of(member).get("/api/v1/receipts/").json()["results"]}
    seen = Receipt.objects.filter(grant__in=rows)
    assert numbers == set(seen.values_list("number", flat=True))
    assert {one.payload["previous"] for one in seen} <= {None, *numbers}
    hidden = Receipt.objects.filter(grant__in=mistaken).values_list("number", flat=True)
    assert {client_of(member).get(f"/receipts/{number}/").status_code for number in hidden} == {404}
    query = {"scope": "step1", "cycle": 2, "at": between.isoformat()}
    [told] = api_of(member).get(f"/api/v1/factories/{factory.pk}/explain/", query).json()["answers"]
    assert (told["allowed"], told["reason"], told["assessment"]) == (False, "no_grant", None)
    assert access.decide_for_brand(world.brand_a, world.assessments["a2"], "step1", between)
    manager = api_of(world.person("manager_a")).get("/api/v1/grants/").json()["results"]
    assert {str(one.pk) for one in mistaken} <= {row["id"] for row in manager}


def test_an_undone_answer_leaves_the_request_open_as_it_was(world: World, request_of_a: AccessRequest) -> None:
    manager = world.person("manager_a")
    approve_request(by=manager, request=request_of_a, scopes=["report", "step1"], terms=as_asked(request_of_a))
    undone = undo(by=manager, factory=world.factory_a, requests={request_of_a.pk})
    assert {grant.scope for grant in undone.grants} == {"report", "step1"}
    for reason in ("Too much", ""):
        decline_request(by=manager, request=AccessRequest.objects.get(), reason=reason)
        undo(by=manager, factory=world.factory_a, requests={request_of_a.pk})
    request_of_a.refresh_from_db()
    assert (request_of_a.state, request_of_a.answered_by, request_of_a.decline_reason) == ("open", None, "")
    assert Event.objects.filter(kind="request.reopened").count() == 3
    assert not SharingGrant.objects.filter(ended_at=None).exists()
    assert "request.answered" not in notified()


def test_one_of_two_grants_of_an_answer_undoes_the_answer(world: World, request_of_a: AccessRequest) -> None:
    manager = world.person("manager_a")
    approve_request(by=manager, request=request_of_a, scopes=["report", "step1"], terms=as_asked(request_of_a))
    undo_grant(world, SharingGrant.objects.get(scope="report"))
    assert not SharingGrant.objects.filter(ended_at=None).exists()
    request_of_a.refresh_from_db()
    assert request_of_a.state == "open"


def test_what_the_brand_had_before_the_answer_stays(
    world: World, request_of_a: AccessRequest, time_machine: Any
) -> None:
    start = timezone.now()
    time_machine.move_to(start - timedelta(minutes=3))
    before = world.grant()
    time_machine.move_to(start)
    manager = world.person("manager_a")
    approve_request(by=manager, request=request_of_a, scopes=["report", "step1"], terms=as_asked(request_of_a))
    read(world, before)  # it settles what was given before, not the answer
    assert notified() == ["grant.started"]
    assert [one.scope for one in undo(by=manager, factory=world.factory_a, requests={request_of_a.pk}).grants] == [
        "step1"
    ]
    before.refresh_from_db()
    assert before.ended_at is None


def test_only_an_answer_can_be_reopened(world: World, request_of_a: AccessRequest) -> None:
    decline_request(by=world.person("manager_a"), request=request_of_a)
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        AccessRequest.objects.filter(pk=request_of_a.pk).update(state="approved")


def test_the_page_after_a_decision_offers_receipt_undo_and_the_next_request(
    world: World, request_of_a: AccessRequest, client_of: Browser
) -> None:
    terms = RequestedTerms(scopes=("report",), purpose="Yearly evaluation")
    other = request_access(by=world.person("brand_b_member"), brand=world.brand_b, factory=world.factory_a, terms=terms)
    manager = client_of(world.person("manager_a"))
    page = manager.post(f"/requests/{request_of_a.pk}/decline/", {"reason": ""}, follow=True).content.decode()
    assert f'href="/requests/{other.pk}/"' in page
    assert "Next request (1)" in page
    form = re.findall(r'name="(grants|requests)" value="([^"]+)"', page)
    assert form == [("requests", str(request_of_a.pk))]
    page = manager.post(f"/factories/{world.factory_a.pk}/undo/", dict(form), follow=True).content.decode()
    assert "The request is open again." in page
    assert client_of(world.person("member_a")).post(f"/factories/{world.factory_a.pk}/undo/").status_code == 403


def test_the_api_undoes_the_same(world: World, api_of: Any) -> None:
    grant = world.grant()
    address = f"/api/v1/factories/{world.factory_a.pk}/undo/"
    manager = api_of(world.person("manager_a"))
    assert manager.post(address, {"grants": [str(grant.pk)]}, format="json").json() == {
        "grants": [str(grant.pk)],
        "requests": [],
    }
    assert manager.post(address, {"grants": [str(world.grant().pk)]}, format="json").status_code == 200
    strange = world.grant(factory=world.factory_b)
    assert manager.post(address, {"grants": [str(strange.pk)]}, format="json").status_code == 404
    third = world.grant()
    read(world, third)
    assert manager.post(address, {"grants": [str(third.pk)]}, format="json").status_code == 409
