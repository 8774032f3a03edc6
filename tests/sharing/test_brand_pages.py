"""The pages of a factory's brands: one row each, and everything about one. What they say follows the reports."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.core.days import end_of, in_words, today, written
from portal.disclosure.brands import BrandRow, brand_rows
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import withhold_report
from sharing.models import Receipt
from sharing.requests.services.answering import decline_request
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.publishing import correct
from tests.world import World

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def row_of(world: World, name: str) -> BrandRow:
    rows = brand_rows(person=world.person("manager_a"), factory=world.factory_a)
    return next(row for row in rows if row.brand.name == name)


def words(browser: Client, address: str) -> str:
    page = browser.get(address)
    assert page.status_code == 200
    main = page.content.decode().partition("<main")[2].partition("</main>")[0]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main)))


def test_a_row_says_which_reports_a_brand_sees_and_until_when(world: World) -> None:
    last = today(world.factory_a) + timedelta(days=40)
    world.grant(scope="report", expires_at=end_of(last, world.factory_a))
    assert row_of(world, world.brand_a.name).summary() == f"Reports, cycles 1 and 2 · until {written(last)}"
    world.grant(scope="step1", cycles="only", cycle_numbers=[1])
    # The row says when the last of it ends: nobody is to read "until 3 March" of what goes on.
    assert row_of(world, world.brand_a.name).summary() == "Reports, cycles 1 and 2 · Step 1 data, cycle 1 · no end date"


def test_kinds_of_data_with_the_same_cycles_are_said_once(world: World) -> None:
    for scope in ("report", "step1"):
        world.grant(scope=scope)
    assert row_of(world, world.brand_a.name).summary() == "Reports and Step 1 data, cycles 1 and 2 · no end date"


def test_a_held_report_is_not_among_what_a_brand_sees(world: World) -> None:
    world.grant(scope="report")
    withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=2, reason="")
    assert row_of(world, world.brand_a.name).summary() == "Reports, cycle 1 · no end date"
    row = row_of(world, world.brand_a.name)
    assert [line.report.cycle for line in row.open] == [1]


def test_a_corrected_report_counts_once(world: World) -> None:
    world.grant(scope="report")
    correct(world, world.assessments["a2"])
    assert row_of(world, world.brand_a.name).summary() == "Reports, cycles 1 and 2 · no end date"


def test_a_brand_is_in_the_list_of_what_it_has_and_of_what_it_waits_for(world: World) -> None:
    grant = world.grant(scope="report")
    terms = RequestedTerms(scopes=("step1",), purpose="Sourcing review")
    request = request_access(
        by=world.person("brand_a_member"), brand=world.brand_a, factory=world.factory_a, terms=terms
    )
    row = row_of(world, world.brand_a.name)
    assert row.places == ["now", "waiting"]
    assert row.summary() == "Asks for access · Reports, cycles 1 and 2 · no end date"
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert row_of(world, world.brand_a.name).places == ["waiting"]
    decline_request(by=world.person("manager_a"), request=request)
    row = row_of(world, world.brand_a.name)
    assert row.places == ["ended"]
    assert row.summary().startswith("Ended on ")


def test_the_search_finds_a_brand_by_part_of_its_name(world: World, client_of: Browser) -> None:
    world.grant(scope="report")
    manager, address = client_of(world.person("manager_a")), reverse("factory_brands", args=[world.factory_a.pk])
    name = world.brand_a.name
    assert name in words(manager, address)
    assert name in words(manager, f"{address}?q={name[1:5].upper()}")
    assert "No brand matches your search" in words(manager, f"{address}?q=nothing-like-it")
    assert name not in words(manager, f"{address}?state=ended")
    unknown = words(manager, f"{address}?state=never")
    assert "A filter was not understood" in unknown
    assert "You share with nobody" not in unknown


def test_sharing_again_starts_from_the_terms_that_ended(world: World, client_of: Browser) -> None:
    old = world.grant(scope="step1", purpose="Yearly evaluation", cycles="from", cycle_numbers=[2])
    revoke_access(by=world.person("manager_a"), grant=old)
    manager = client_of(world.person("manager_a"))
    page = manager.get(reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk])).content.decode()
    [link] = re.findall(r'href="([^"]*copy=[^"]*)"', page)
    shown = manager.get(unescape(link)).context
    form = shown["form"]
    assert form.initial["purpose"] == "Yearly evaluation"
    assert (form.initial["cycles"], form.initial["cycle_numbers"]) == ("from", [2])
    assert [row.brand for row in shown["sheet"].rows] == [world.brand_a]


def test_the_page_of_a_brand_says_what_it_sees_read_and_had(world: World, client_of: Browser) -> None:
    old = world.grant(scope="step1")
    revoke_access(by=world.person("manager_a"), grant=old, reason="The order ended")
    world.grant(scope="report", purpose="Sourcing review")
    assert (
        client_of(world.person("brand_a_member"))
        .get(reverse("assessment", args=[world.assessments["a2"].pk]))
        .status_code
        == 200
    )
    address = reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk])
    page = words(client_of(world.person("manager_a")), address)
    for part in ("Visible now", "Cycle 2", "Sourcing review", "The order ended", "Viewed", "Stop", "Preview", "Hold"):
        assert part in page, part
    assert world.person("brand_a_member").name in page
    for persona in ("member_a", "representative_a"):
        page = words(client_of(world.person(persona)), address)
        assert "Visible now" in page
        assert "Hold" not in page, persona


def test_a_hold_of_new_reports_is_named_only_where_new_reports_are_shared(world: World, client_of: Browser) -> None:
    world.grant(cycles="only", cycle_numbers=[2], hold_days=7)
    world.grant(brand=world.brand_b, hold_days=7)
    manager = client_of(world.person("manager_a"))
    for brand, is_named in ((world.brand_a, False), (world.brand_b, True)):
        page = words(manager, reverse("factory_brand", args=[world.factory_a.pk, brand.pk]))
        assert ("New reports are held for 7 days" in page) == is_named
        receipt = Receipt.objects.get(grant__brand=brand)
        assert ("Each new report is held for" in words(manager, reverse("receipt", args=[receipt.number]))) == is_named
        assert receipt.disclosed["hold_days"][1] == 7


def test_the_day_of_the_last_read_has_its_word(world: World, client_of: Browser) -> None:
    world.grant(scope="report")
    client_of(world.person("brand_a_member")).get(reverse("assessment", args=[world.assessments["a2"].pk]))
    page = words(client_of(world.person("manager_a")), reverse("factory_brands", args=[world.factory_a.pk]))
    assert f"read {in_words(timezone.now(), world.factory_a)}" in page


def test_a_brand_without_any_relation_has_no_page(world: World, client_of: Browser) -> None:
    world.grant(scope="report")
    manager = client_of(world.person("manager_a"))
    assert manager.get(reverse("factory_brand", args=[world.factory_a.pk, world.brand_b.pk])).status_code == 404
