"""Bad input and abuse of consent: forged and replayed receipts, grants beyond one's rights, names that pass for others,
a manager of two factories, clocks that go wrong.

Requests that flood a factory are in `test_requests`, forged receipts also in `test_receipts`, two managers at once in
`tests/test_concurrency.py`, days in other time zones also in `test_as_of`.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from assessments.models import Assessment
from brands.lookalikes import shape
from brands.models import Brand
from brands.services import create_brand, update_brand
from factories.models import Factory
from factories.roles import FACTORY
from portal.accounts.services import add_member
from portal.core.days import days_from_now, end_of
from portal.ledger.sealing import seal_new_rows
from sharing.confirming.services import confirm_grant
from sharing.grants.services.granting import change_grant, grant_access, share
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.holds.services import allow_report, withhold_report
from sharing.models import Receipt, SharingGrant, WithheldReport
from sharing.receipts.checking import CodeOutcome, check_code
from sharing.receipts.document import document_of, fingerprint
from sharing.requests.services.answering import approve_request
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.jose import encode
from tests.sharing.deciding import decide, seen_on
from tests.tampering import problems, tell_world
from tests.world import World


def reads(world: World, name: str = "a2") -> bool:
    rows = Assessment.objects.visible_to(world.person("brand_a_member"))
    return rows.filter(pk=world.assessments[name].pk).exists()


# --- receipts ---------------------------------------------------------------------------------------------


def test_a_receipt_that_is_shown_again_proves_what_was_and_opens_nothing(world: World, client_of: Any) -> None:
    """Genuine for ever, but no key: the page says that it tells nothing of today, and the report stays closed."""
    grant = world.grant()
    receipt = Receipt.objects.get(grant=grant)
    document = json.dumps(document_of(receipt, from_inside=False))
    revoke_access(by=world.person("manager_a"), grant=grant)
    for checker in (Client(), client_of(world.person("brand_a_member"))):
        page = checker.post(reverse("verify"), {"text": document}).content.decode()
        assert "This receipt is genuine" in page
        assert "not what is shared today" in page
    assert not reads(world)
    assert SharingGrant.objects.filter(ended_at=None).count() == 0


def test_parts_of_two_receipts_make_no_third(world: World) -> None:
    """A number with another one's signature or fingerprint, terms of another grant: forged."""
    world.grant()
    world.grant(scope="step1")
    first, second = Receipt.objects.order_by("pk")
    one, two = (document_of(receipt, from_inside=True) for receipt in (first, second))
    swapped = [
        one | {"signature": two["signature"]},
        one | {"payload": two["payload"]},
        one | {"payload": encode(first.payload | {"jti": second.payload["jti"]})},
        one | {"payload": encode(first.payload | {"terms": second.payload["terms"]})},
        one | {"header": two["header"]},
    ]
    for document in swapped:
        page = Client().post(reverse("verify"), {"text": json.dumps(document)})
        assert page.status_code == 400
        assert "altered" in page.content.decode()
    assert check_code(first.payload["iss"], first.number, fingerprint(first.jws)) is CodeOutcome.ISSUED
    assert check_code(first.payload["iss"], first.number, fingerprint(second.jws)) is CodeOutcome.UNKNOWN


# --- rights -----------------------------------------------------------------------------------------------

NO_DECIDERS = [
    "member_a",
    "representative_a",
    "manager_b",
    "advisor",
    "team_leader",
    "programme_manager",
    "global_staff",
    "vietnam_manager",
    "constituent",
    "brand_a_manager",
    "brand_a_member",
    "brand_b_manager",
    "outsider",
    "inactive",
    "operator",
]


@pytest.mark.parametrize("persona", NO_DECIDERS)
def test_nobody_but_the_factorys_managers_decides_and_the_refusal_says_so(world: World, persona: str) -> None:
    by, grant = world.person(persona), world.grant()
    kept = withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=1)
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    request = request_access(
        by=world.person("brand_b_member"), brand=world.brand_b, factory=world.factory_a, terms=terms
    )
    factory, brand = world.factory_a, world.brand_a
    verbs: list[Callable[[], Any]] = [
        lambda: grant_access(by=by, factory=factory, brand=world.brand_b, scope="report", terms=Terms()),
        lambda: share(by=by, factory=factory, brands=[world.brand_b], scopes=["report", "step1"], terms=Terms()),
        lambda: change_grant(by=by, grant=grant, terms=Terms(cycles="only", cycle_numbers=[1])),
        lambda: revoke_access(by=by, grant=grant),
        lambda: revoke_brand(by=by, factory=factory, brand=brand),
        lambda: stop_all_sharing(by=by, factory=factory),
        lambda: withhold_report(by=by, factory=factory, brand=brand, cycle=2),
        lambda: allow_report(by=by, withheld=kept),
        lambda: approve_request(by=by, request=request, scopes=["report"], terms=Terms()),
    ]
    for verb in verbs:
        with pytest.raises(PermissionDenied, match="manager"):
            verb()
    assert SharingGrant.objects.get() == grant
    assert WithheldReport.objects.get().allowed_at is None
    assert SharingGrant.objects.get().ended_at is None


def test_a_manager_who_was_removed_decides_nothing_with_a_page_still_open(world: World, client_of: Any) -> None:
    manager, grant = world.person("manager_a"), world.grant()
    browser = client_of(manager)
    assert browser.get(reverse("grant_change", args=[grant.pk])).status_code == 200
    manager.groups.clear()
    changed = browser.post(reverse("grant_change", args=[grant.pk]), {"cycles": "all"})
    assert changed.status_code == 404
    body = {"brands": [world.brand_b.pk], "scopes": ["report"], "cycles": "all"}
    assert browser.post(reverse("grant", args=[world.factory_a.pk]), body).status_code == 404
    assert SharingGrant.objects.get() == grant


# --- names ------------------------------------------------------------------------------------------------

LOOKALIKES = [
    "ASTER & OAK",
    "Aster  &  Oak",
    "Aster&Oak",
    "Aster and Oak.",
    "Aster & Oa\u0308k",
    "Aster & \u041eak",  # a Cyrillic O
    "\u0391ster & Oak",  # a Greek Alpha
    "\uff21ster & Oak",  # a wide A
    "\U0001d400ster & Oak",  # a mathematical A
    "Aster & 0ak",
    "A5ter & Oak",
    "As\u200bter & Oak",  # with a space of no width
    "Aster & \u202ekaO\u202c",  # written from right to left
]


@pytest.mark.parametrize("name", LOOKALIKES)
def test_no_brand_takes_a_name_that_looks_like_anothers(world: World, client_of: Any, name: str) -> None:
    """New or renamed, typed by staff who were talked into it: refused, and the sentence says why."""
    staff = client_of(world.person("global_staff"))
    edit = reverse("brand_edit", args=[world.brand_b.pk])
    form = staff.get(edit).context["form"]
    fields = {field: form[field].value() or "" for field in form.fields} | {"is_active": "on", "name": name}
    for url in (reverse("brand_add"), edit):
        answer = staff.post(url, fields)
        assert answer.status_code == 400, url
        [message] = answer.context["form"].errors["name"]
        assert "Aster & Oak has a similar name" in message or "mixes alphabets" in message
    assert sorted(Brand.objects.values_list("name", flat=True)) == ["Aster & Oak", "Bluefinch"]


def test_names_that_people_tell_apart_are_taken(world: World) -> None:
    staff = world.person("global_staff")
    for name in ("Aster", "Oak & Aster", "Astra & Oak", "আমার বাজার", "আমর বাজার", "Tàmarind", "ប៊្រេន"):
        create_brand(by=staff, name=name, kind="partner")
    assert Brand.objects.count() == 9
    renamed = update_brand(by=staff, brand=world.brand_a, name="  Aster   and Oak ")
    assert renamed.name == "Aster and Oak", "its own name is no other's, and is kept tidy"
    update_brand(by=staff, brand=world.brand_b, country="FR")
    assert shape("Kestrel") == shape("KestreI") != shape("Kestrol")


def test_a_brand_cannot_rename_itself_and_a_changed_name_is_shown_with_the_old_one(
    world: World, client_of: Any
) -> None:
    for persona in ("brand_a_manager", "brand_a_member"):
        with pytest.raises(PermissionDenied, match="checked name"):
            update_brand(by=world.person(persona), brand=world.brand_a, name="Bluefinch Trading")
    update_brand(by=world.person("global_staff"), brand=world.brand_a, name="Bright Harbour")
    page = client_of(world.person("manager_a")).get(reverse("grant", args=[world.factory_a.pk])).content.decode()
    assert "Bright Harbour" in page
    assert "formerly Aster &amp; Oak" in page


# --- a manager of two factories ---------------------------------------------------------------------------


@pytest.fixture
def of_two(world: World) -> World:
    """Manager A also manages factory B, and shares of both with brand A."""
    add_member(by=None, kind=FACTORY, organisation=world.factory_b, member=world.person("manager_a"), role="manager")
    return world


def confirmations(world: World, factory: Factory) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Each page that asks before a decision takes effect, for one factory: its address, and what is posted to it."""
    manager = world.person("manager_a")
    grant = grant_access(by=manager, factory=factory, brand=world.brand_a, scope="report", terms=Terms())
    kept = withhold_report(by=manager, factory=factory, brand=world.brand_a, cycle=1)
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    request = request_access(by=world.person("brand_b_member"), brand=world.brand_b, factory=factory, terms=terms)
    new = {"brands": [world.brand_b.pk], "scopes": ["step1"], "cycles": "all"}
    yield reverse("grant", args=[factory.pk]), new
    yield reverse("grant_change", args=[grant.pk]), {"cycles": "only", "cycle_numbers": ["1"]}
    yield reverse("grant_revoke", args=[grant.pk]), None
    yield reverse("stop_brand", args=[factory.pk, world.brand_a.pk]), None
    yield reverse("stop_all", args=[factory.pk]), None
    yield reverse("report_allow", args=[kept.pk]), None
    yield reverse("report_openings", args=[factory.pk]), None
    yield reverse("access_request", args=[request.pk]), None
    yield reverse("requests_answer", args=[factory.pk]), {"ids": [str(request.pk)], "answer": "approve"}


def test_each_confirmation_names_the_one_factory_that_it_is_about(of_two: World, client_of: Any) -> None:
    browser = client_of(of_two.person("manager_a"))
    for factory, other in ((of_two.factory_a, of_two.factory_b), (of_two.factory_b, of_two.factory_a)):
        for url, posted in confirmations(of_two, factory):
            answer = browser.get(url) if posted is None else browser.post(url, posted)
            assert answer.status_code == 200, url
            asked = answer.content.decode().split("<main")[1]
            assert factory.name in asked, url
            assert other.name not in asked, url


def test_what_was_done_is_said_with_the_factorys_name_and_a_page_of_one_decides_nothing_for_the_other(
    of_two: World, client_of: Any
) -> None:
    a, b = of_two.factory_a, of_two.factory_b
    manager = of_two.person("manager_a")
    grants = {
        factory: grant_access(by=manager, factory=factory, brand=of_two.brand_a, scope="report", terms=Terms())
        for factory in (a, b)
    }
    browser = client_of(manager)
    told = browser.post(reverse("grant_revoke", args=[grants[b].pk]), {"reason": ""}, follow=True).content.decode()
    assert f"{b.name} no longer shares this with" in told
    assert SharingGrant.objects.get(pk=grants[a].pk).ended_at is None
    told = browser.post(reverse("stop_all", args=[b.pk]), {"reason": ""}, follow=True).content.decode()
    assert f"{b.name} shares with nobody" in told
    assert reads(of_two)
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    request = request_access(by=of_two.person("brand_b_member"), brand=of_two.brand_b, factory=b, terms=terms)
    posted = {"ids": [str(request.pk)], "answer": "approve"}
    seen = seen_on(browser.post(reverse("requests_answer", args=[b.pk]), posted))
    browser.post(reverse("requests_answer", args=[a.pk]), posted | {"seen": seen})
    request.refresh_from_db()
    assert request.state == "open", "a request of one factory is not answered from the other's inbox"


# --- clocks -----------------------------------------------------------------------------------------------

REAL_NOW = timezone.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Set the portal's clock so much forward or back; the database's stays right."""
    return lambda by: monkeypatch.setattr(timezone, "now", lambda: REAL_NOW() + by)


def test_an_end_holds_though_the_clock_went_back_before_the_beginning(
    world: World, clock: Callable[[timedelta], None]
) -> None:
    """Every end takes effect at once, whatever the clock says; what is written keeps its order."""
    tell_world()
    seal_new_rows(begins_with_history=True)
    manager = world.person("manager_a")
    grant, other = world.grant(), world.grant(brand=world.brand_b, scope="step1")
    assert reads(world)
    clock(-timedelta(hours=3))
    changed = change_grant(by=manager, grant=other, terms=Terms(cycles="only", cycle_numbers=[1]))
    revoked = revoke_access(by=manager, grant=grant, reason="Season over")
    stop_all_sharing(by=manager, factory=world.factory_a)
    assert not reads(world)
    for row in SharingGrant.objects.all():
        assert row.ended_at >= row.created_at
    other.refresh_from_db()
    assert changed.valid_from >= other.ended_at, "no two terms at one time"
    issued = list(Receipt.objects.filter(grant=revoked).order_by("pk").values_list("issued_at", flat=True))
    assert issued == sorted(issued)
    assert problems() == []


def test_what_is_withheld_is_so_at_once_whichever_clock_is_ahead(
    world: World, clock: Callable[[timedelta], None]
) -> None:
    world.grant()
    clock(timedelta(hours=3))
    kept = withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=2)
    assert not reads(world)
    clock(-timedelta(hours=3))
    released = allow_report(by=world.person("manager_a"), withheld=kept)
    assert released.allowed_at == kept.withheld_at
    assert reads(world)


def test_a_second_person_confirms_though_the_clock_went_back(world: World, clock: Callable[[timedelta], None]) -> None:
    tell_world()
    seal_new_rows(begins_with_history=True)
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    grant = world.grant()
    clock(-timedelta(hours=3))
    confirmed = confirm_grant(by=world.person("representative_a"), grant=grant)
    assert confirmed.confirmed_at == grant.created_at
    assert reads(world)
    assert problems() == []


def test_nothing_opens_early_or_in_the_past_by_a_wrong_clock(world: World, clock: Callable[[timedelta], None]) -> None:
    """A grant given while the clock was ahead begins when that hour really comes: closed until then, never before."""
    clock(timedelta(hours=3))
    ahead = world.grant()
    clock(timedelta())
    assert not reads(world)
    assert ahead.status() == "waiting"
    with pytest.raises(ValidationError, match="cannot start in the past"):
        world.grant(scope="step1", valid_from=REAL_NOW() - timedelta(days=1))
    with pytest.raises(ValidationError, match="must be in the future"):
        world.grant(scope="step1", expires_at=REAL_NOW() - timedelta(minutes=1))


@pytest.mark.parametrize("hours", [-11, 0, 7, 14])
def test_r54_the_last_day_ends_at_midnight_at_the_factory_wherever_it_was_entered(
    world: World, client_of: Any, api_of: Any, hours: int
) -> None:
    """A day of the form is a whole day at the factory; a moment of the API is that moment, with any zone's offset."""
    manager, day = world.person("manager_a"), days_from_now(20, world.factory_a)
    body = {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "expires_on": day.isoformat()}
    decide(client_of(manager), reverse("grant", args=[world.factory_a.pk]), body)
    by_day = SharingGrant.objects.get(scope="report")
    midnight = end_of(day, world.factory_a)
    assert (by_day.expires_at, by_day.last_day) == (midnight, day)

    offset = timedelta(hours=hours)
    local = (midnight + offset).replace(tzinfo=None)
    sign = "-" if hours < 0 else "+"
    order = {
        "brand": world.brand_a.pk,
        "scope": "step1",
        "expires_at": f"{local.isoformat()}{sign}{abs(hours):02}:00",
    }
    answer = api_of(manager).post(f"/api/v1/factories/{world.factory_a.pk}/grants/", order, format="json")
    assert answer.status_code == 201, answer.json()
    by_moment = SharingGrant.objects.get(scope="step1")
    assert (by_moment.expires_at, by_moment.last_day) == (midnight, day)
    at = [midnight - timedelta(microseconds=1), midnight]
    member = world.person("brand_a_member")
    assert [Assessment.objects.visible_to(member, "step1", moment).exists() for moment in at] == [True, False]
