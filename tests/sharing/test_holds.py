"""Keeping a report back from a brand (R7), and what opens to whom and when."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.publication.services import take_step
from brands.models import Brand
from portal.core.models import Event
from portal.disclosure.openings import openings_of
from sharing import access
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import allow_report, withhold_report
from sharing.models import WithheldReport
from tests.sharing.directions import cycles_read, soon_open
from tests.sharing.notices import said
from tests.world import World

pytestmark = pytest.mark.django_db


def test_r7_a_report_withheld_is_read_by_nobody_of_the_brand_from_the_next_query_on(
    world: World, client_of: Any
) -> None:
    world.grant()
    world.grant(world.brand_b)
    manager, member = client_of(world.person("manager_a")), world.person("brand_a_member")
    page = reverse("assessment", args=[world.assessments["a2"].pk])
    assert client_of(member).get(page).status_code == 200
    address = reverse("report_withhold", args=[world.factory_a.pk])

    for _click in range(2):
        assert (
            manager.post(address, {"brand": world.brand_a.pk, "cycle": 2, "reason": "Price talks"}).status_code == 302
        )
    kept = WithheldReport.objects.get()
    assert Event.objects.filter(kind="report.held").count() == 1
    assert client_of(member).get(page).status_code == 404
    assert cycles_read(world, "brand_a_member") == {1}
    assert cycles_read(world, "brand_b_member") == {1, 2}
    assert access.decide(member, world.assessments["a2"], "report").reason == "withheld"
    assert "Price talks" not in said("report.held", world.person("member_a"))
    assert "holds the report of cycle 2: Aster & Oak cannot see it" in said("report.held", world.person("member_a"))
    assert said("report.held", member) == ""
    [a, b] = openings_of(person=world.person("manager_a"), factory=world.factory_a)
    assert ([row.cycle for row in a.withheld], [row.cycle for row in b.withheld]) == ([2], [])

    release = reverse("report_allow", args=[kept.pk])
    assert "to see the report of cycle 2?" in manager.get(release).content.decode()
    for _click in range(2):
        manager.post(release)
    assert Event.objects.filter(kind="report.allowed").count() == 1
    assert client_of(member).get(page).status_code == 200
    for wrong in ({"brand": 999, "cycle": 2}, {"brand": world.brand_a.pk, "cycle": "x\x00"}, {}):
        assert "Nothing was changed" in manager.post(address, wrong, follow=True).content.decode()


def test_keeping_back_is_the_factorys_managers_business_alone(world: World, client_of: Any) -> None:
    world.grant()
    kept = withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, cycle=2)
    for persona in ("manager_b", "member_a", "representative_a", "programme_manager", "brand_a_manager"):
        by = world.person(persona)
        with pytest.raises(PermissionDenied):
            withhold_report(by=by, factory=world.factory_a, brand=world.brand_a, cycle=1)
        with pytest.raises(PermissionDenied):
            allow_report(by=by, withheld=kept)
    with pytest.raises(ValidationError, match="share nothing"):
        withhold_report(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_b, cycle=1)
    page = client_of(world.person("brand_a_manager")).get(reverse("report_allow", args=[kept.pk]))
    assert page.status_code == 404


def test_a_hold_of_a_brand_without_access_does_not_promise_that_it_can_read(world: World, client_of: Any) -> None:
    grant, manager = world.grant(), world.person("manager_a")
    kept = withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=2)
    pages = [reverse("report_openings", args=[world.factory_a.pk]), reverse("report_allow", args=[kept.pk])]
    browser = client_of(manager)
    truths = ("Nothing is shared with this brand now", "still cannot read it")
    for address, truth in zip(pages, truths, strict=True):
        assert truth not in browser.get(address).content.decode()
    revoke_access(by=manager, grant=grant)
    for address, truth in zip(pages, truths, strict=True):
        shown = browser.get(address).content.decode()
        assert truth in shown
        assert "can then read it" not in shown


@pytest.mark.parametrize(("hold_days", "when"), [(0, "can then read it at once."), (365, "can read it from ")])
def test_before_a_report_is_allowed_the_page_says_when_the_brand_can_read_it(
    world: World, client_of: Any, hold_days: int, when: str
) -> None:
    world.grant(hold_days=hold_days)
    manager = world.person("manager_a")
    take_step(by=world.person("team_leader"), assessment=world.assessments["a3"], name="publish")
    kept = withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=3)
    shown = client_of(manager).get(reverse("report_allow", args=[kept.pk])).content.decode()
    assert when in " ".join(shown.split())


def test_publication_tells_the_factory_to_whom_it_opens_and_when(world: World, client_of: Any) -> None:
    world.grant(hold_days=7)
    world.grant(world.brand_b)
    manager = world.person("manager_a")
    take_step(by=world.person("team_leader"), assessment=world.assessments["a3"], name="publish")

    text = said("report.scheduled", manager)
    assert "the report of cycle 3 is published. It is visible to Bluefinch now." in text
    assert "Aster & Oak (" in text
    assert "unless you hold it" in text
    assert "from the day in brackets: Aster & Oak (" in said("report.scheduled", world.person("member_a"))
    assert said("report.scheduled", world.person("brand_a_member")) == ""
    [soon] = soon_open(manager, world.factory_a)
    assert (soon.cycle, soon.brands) == (3, [world.brand_a])
    home = client_of(manager).get("/").content.decode()
    assert "Cycle 3, visible from" in home.partition("Aster &amp; Oak")[2].partition("</li>")[0]
    page = client_of(manager).get(reverse("report_openings", args=[world.factory_a.pk])).content.decode()
    assert "Hold<span" in page
    withhold_report(by=manager, factory=world.factory_a, brand=world.brand_a, cycle=3)
    assert soon_open(manager, world.factory_a) == []
    assert "Aster" not in said("report.scheduled", manager)


def test_brands_to_which_nothing_opens_any_more_cost_the_first_page_nothing(
    world: World, django_assert_num_queries: Any
) -> None:
    for brand in (world.brand_a, world.brand_b):
        world.grant(brand=brand, hold_days=1)
    with django_assert_num_queries(2):
        assert soon_open(world.person("manager_a"), world.factory_a) == []


def test_what_opens_soon_takes_the_same_queries_however_many_brands_wait(world: World) -> None:
    """Two brands for which the same reports open at two moments: each is named once for each report."""
    manager, now = world.person("manager_a"), timezone.now()
    days = {world.brand_a: now + timedelta(days=2), world.brand_b: now + timedelta(days=4)}
    for brand, day in days.items():
        for scope in ("report", "step1"):
            world.grant(brand=brand, scope=scope, valid_from=day)
    soon = soon_open(manager, world.factory_a)
    assert [(one.cycle, one.at, one.brands) for one in soon] == [
        (cycle, day, [brand]) for brand, day in days.items() for cycle in (1, 2)
    ]
    waiting = openings_of(person=manager, factory=world.factory_a)
    shown = {one.brand: [line.at for line in one.waiting] for one in waiting}
    assert shown == {brand: [day, day] for brand, day in days.items()}
    for brand in Brand.objects.bulk_create(Brand(name=f"Brand {number}") for number in range(5)):
        world.grant(brand=brand, valid_from=days[world.brand_a])
    with CaptureQueriesContext(connection) as few:
        [first, *_] = soon_open(manager, world.factory_a)
    assert len(first.brands) == 6
    assert len(few) <= 2 + 2 * 5
