"""What deciding costs in statements, savepoints counted, and what looking before it costs. A read writes nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brands.models import Brand
from factories.models import Factory
from portal.core.models import Event
from portal.disclosure.openings import openings_of
from portal.disclosure.previews import preview_change, preview_grants
from portal.notices.models import Notice
from sharing.confirming.services import confirm_grant
from sharing.grants.services.granting import change_grant, grant_access, share
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.holds.services import withhold_report
from sharing.models import AccessRequest, Receipt, SharingGrant
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.matrix.side import FACTORY_PEOPLE, NO_PAGES, addresses_of
from tests.matrix.stage import Stage
from tests.matrix.table import ROWS
from tests.publishing import correct
from tests.sharing.directions import soon_open
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
MOST = 15
WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|SAVEPOINT|FOR (NO KEY )?(UPDATE|SHARE))\b")


@pytest.fixture
def reports(world: World) -> None:
    """Factory A has a corrected report, one that every hold still holds, and one in review."""
    correct(world, world.assessments["a2"], q1020="compliant")
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=2)


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        call()
    return [query["sql"] for query in captured.captured_queries]


def test_each_decision_takes_at_most_15_statements(world: World, reports: None) -> None:
    by, factory, brand = world.person("manager_a"), world.factory_a, world.brand_a
    grants: list[SharingGrant] = []

    def grant() -> None:
        terms = Terms(hold_days=7, expires_at=timezone.now() + timedelta(days=90))
        grants.append(grant_access(by=by, factory=factory, brand=brand, scope="report", terms=terms))

    def change() -> None:
        grants.append(change_grant(by=by, grant=grants[-1], terms=Terms(hold_days=9)))

    def confirm() -> None:
        confirm_grant(by=world.person("representative_a"), grant=proposed)

    counts = {"grant": len(statements(grant)), "change": len(statements(change))}
    Factory.objects.filter(pk=factory.pk).update(confirms_sharing=True)
    proposed = change_grant(by=by, grant=grants[-1], terms=Terms(hold_days=2))
    counts["confirm"] = len(statements(confirm))
    counts["revoke"] = len(statements(lambda: revoke_access(by=by, grant=proposed)))
    assert {name: count for name, count in counts.items() if count > MOST} == {}
    kinds = list(Event.objects.filter(kind__startswith="grant.").order_by("pk").values_list("kind", flat=True))
    assert kinds == [
        "grant.created", "grant.replaced", "grant.changed", "grant.changed", "grant.replaced",
        "grant.confirmed", "grant.revoked",
    ]  # fmt: skip
    assert Receipt.objects.count() == len(kinds)


def test_sharing_with_many_brands_reads_and_authorises_once(world: World, reports: None) -> None:
    by, factory = world.person("manager_a"), world.factory_a
    brands = Brand.objects.bulk_create(Brand(name=f"Brand {number}") for number in range(6))

    def order(chosen: list[Brand]) -> int:
        return len(
            statements(
                lambda: share(by=by, factory=factory, brands=chosen, scopes=["report"], terms=Terms(hold_days=7))
            )
        )

    assert len(share(by=by, factory=factory, brands=brands[:1], scopes=["step1", "step1"], terms=Terms())) == 2
    assert SharingGrant.objects.count() == 1  # the same kind named twice is one grant
    one, five = order(brands[:1]), order(brands[1:])
    assert five - one <= 4 * 5  # a grant, and what is to be told of its reports


def test_a_request_is_looked_at_without_a_lock_or_a_write(world: World, client_of: Any, reports: None) -> None:
    world.grant(hold_days=30)
    terms = RequestedTerms(("report", "step1", "improvement_plan"), "Due diligence")
    asked = request_access(by=world.person("brand_a_member"), brand=world.brand_a, factory=world.factory_a, terms=terms)
    manager, page = client_of(world.person("manager_a")), reverse("access_request", args=[asked.pk])
    rows = [model.objects.count() for model in (SharingGrant, Receipt, Notice, Event)]  # type: ignore[attr-defined]

    run = statements(lambda: manager.get(page))

    assert len(run) <= MOST, "\n".join(run)
    assert [sql for sql in run if WRITES.search(sql)] == []
    assert manager.get(page).context["difference"].opens
    assert rows == [model.objects.count() for model in (SharingGrant, Receipt, Notice, Event)]  # type: ignore[attr-defined]
    assert AccessRequest.objects.get().state == "open"


def test_pages_before_a_decision_lock_and_write_nothing(world: World, client_of: Any, reports: None) -> None:
    """What is read, and what is posted only to see what would happen."""
    grant, factory = world.grant(hold_days=30), world.factory_a
    kept = withhold_report(by=world.person("manager_a"), factory=factory, brand=world.brand_a, cycle=1)
    terms = RequestedTerms(("report", "step1"), "Due diligence")
    asked = request_access(by=world.person("brand_b_member"), brand=world.brand_b, factory=factory, terms=terms)
    manager = client_of(world.person("manager_a"))
    of_factory = ("factory_brands", "grant", "report_openings", "request_inbox", "confirmations")
    read = [reverse(name, args=[factory.pk]) for name in of_factory]
    read += [reverse(name, args=[asked.pk]) for name in ("access_request", "request_approve", "request_decline")]
    read += ["/", reverse("grant_change", args=[grant.pk]), reverse("report_allow", args=[kept.pk])]
    order = {"brands": [world.brand_b.pk], "scopes": ["step1"], "cycles": "all"}
    posted: dict[str, dict[str, Any]] = {
        reverse("grant", args=[factory.pk]): order,
        reverse("grant_change", args=[grant.pk]): {"cycles": "only", "cycle_numbers": [2]},
        reverse("request_approve", args=[asked.pk]): {"scopes": ["report"], "cycles": "all", "hold_days": 7},
        reverse("requests_answer", args=[factory.pk]): {"answer": "approve", "ids": [str(asked.pk)]},
    }
    looks: dict[str, Callable[[], Any]] = {page: partial(manager.get, page) for page in read}
    looks |= {f"POST {page}": partial(manager.post, page, body) for page, body in posted.items()}
    for page, look in looks.items():
        with CaptureQueriesContext(connection) as run:
            assert look().status_code == 200, page
        assert [one["sql"] for one in run.captured_queries if WRITES.search(one["sql"])] == [], page


def test_what_decisions_would_do_takes_the_same_few_reads_for_every_brand(world: World, reports: None) -> None:
    by, factory = world.person("manager_a"), world.factory_a
    grant = world.grant(hold_days=7)
    brands = Brand.objects.bulk_create(Brand(name=f"Brand {number}") for number in range(9))
    looks: dict[str, Callable[[], object]] = {
        "share": lambda: preview_grants(by=by, factory=factory, brands=brands, scopes=["step1"], terms=Terms()),
        "change": lambda: preview_change(by=by, grant=grant, terms=Terms(hold_days=1)),
        "openings": lambda: openings_of(person=by, factory=factory),
        "soon": lambda: soon_open(by, factory),
    }
    share(by=by, factory=factory, brands=brands, scopes=["report"], terms=Terms(hold_days=7))
    for name, look in looks.items():
        run = statements(look)
        assert len(run) <= 6, name
        assert [sql for sql in run if WRITES.search(sql)] == []


def test_a_second_person_who_confirms_moves_what_waits_to_be_told_once(world: World, reports: None) -> None:
    """The notice of a held report is moved, not written again, by a change that a second person confirms."""
    grant = world.grant(hold_days=30)
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    proposed = change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(hold_days=10))
    before = Notice.objects.get(kind="report.published", side="brand", handled_at=None)

    confirm_grant(by=world.person("representative_a"), grant=proposed)

    moved = Notice.objects.get(kind="report.published", side="brand", handled_at=None)
    assert (moved.pk, moved.not_before) == (before.pk, before.not_before - timedelta(days=20))


@pytest.mark.parametrize("persona", FACTORY_PEOPLE)
def test_every_page_of_a_factory_takes_at_most_15_queries(stage: Stage, persona: str) -> None:
    """Also with what was just decided and can be undone, replaced versions, and something held."""
    stage.world.grant(brand=stage.world.brand_b)
    client, counts = stage.client(persona), {}
    for name, address in addresses_of(stage, persona).items():
        answer = client.get(address)  # what is read once in a process is read now
        assert answer.headers["Content-Type"].startswith("text/html"), name
        counts[name] = len(statements(partial(client.get, address)))
    assert {name: count for name, count in counts.items() if count > MOST} == {}


def test_what_is_no_page_is_no_page(stage: Stage) -> None:
    client = stage.client("manager_a")
    rows = {row.name: row.place for row in ROWS if row.name in NO_PAGES and row.cells["manager_a"] == "+"}
    answers = {name: client.get(stage.address(name, place)) for name, place in rows.items()}
    for answer in answers.values():
        answer.close()  # some are open files
    assert set(answers) == NO_PAGES
    assert [name for name, answer in answers.items() if "text/html" in answer.headers["Content-Type"]] == []
