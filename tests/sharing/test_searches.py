"""Searches by findings name factories: each of them sees that it was named, and never who else was (G5)."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.ledger.models import LedgerLeaf
from portal.ledger.sealing import seal_new_rows
from sharing import access
from sharing.models import SearchRecord
from sharing.records.services import record_access
from sharing.searches.services import record_search
from tests.world import World

pytestmark = pytest.mark.django_db
FOUND = "Compensation"  # something non-compliant was found in it at both factories


@pytest.fixture
def shared(world: World) -> World:
    """Both factories share with brand A."""
    world.grant()
    world.grant(factory=world.factory_b)
    return world


def search(client: Any, **asked: Any) -> Any:
    answer = client.get(reverse("shared_list"), {"cluster": FOUND, **asked})
    assert answer.status_code == 200
    return answer


def named(world: World) -> list[list[int]]:
    return list(SearchRecord.objects.order_by("pk").values_list("factories", flat=True))


def searches_of(world: World, persona: str, factory: Any, api_of: Any, **asked: Any) -> list[dict[str, Any]]:
    answer = api_of(world.person(persona)).get(f"/api/v1/factories/{factory.pk}/searches/", asked)
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_page_narrowed_by_a_finding_is_written_down_once_a_day(
    shared: World, client_of: Any, time_machine: Any
) -> None:
    client, both = client_of(shared.person("brand_a_member")), sorted([shared.factory_a.pk, shared.factory_b.pk])
    for _ in range(2):
        search(client)
    assert named(shared) == [both]
    row = SearchRecord.objects.get()
    assert (row.person, row.brand, row.about) == (shared.person("brand_a_member"), shared.brand_a, FOUND)
    search(client, q="Tonle")  # names fewer
    search(client_of(shared.person("brand_a_manager")))
    assert named(shared) == [both, [shared.factory_a.pk], both]
    time_machine.move_to(timezone.now() + timedelta(days=1))
    search(client_of(shared.person("brand_a_member")))
    assert named(shared)[3:] == [both]


@pytest.mark.parametrize("asked", [{}, {"q": "Tonle"}, {"cycle": 2}, {"cluster": "Child Labour"}])
def test_a_list_that_names_nobody_because_of_a_finding_writes_nothing(
    shared: World, client_of: Any, api_of: Any, asked: dict[str, Any]
) -> None:
    person = shared.person("brand_a_member")
    assert client_of(person).get(reverse("shared_list"), asked).status_code == 200
    narrowed = {"search" if name == "q" else name: value for name, value in asked.items()}
    for page in ("shared", "assessments"):
        assert api_of(person).get(f"/api/v1/{page}/", narrowed).status_code == 200
    assert named(shared) == []


@pytest.mark.parametrize("page", ["shared", "assessments"])
def test_the_api_writes_down_what_a_page_of_it_names(shared: World, api_of: Any, page: str) -> None:
    client = api_of(shared.person("brand_a_member"))
    found = client.get(f"/api/v1/{page}/", {"cluster": FOUND, "page_size": 1}).json()["results"]
    assert named(shared) == [[found[0]["factory"]["id"]]]
    assert SearchRecord.objects.get().brand == shared.brand_a


def test_a_factory_sees_how_often_it_was_named_and_by_whom(shared: World, client_of: Any, api_of: Any) -> None:
    for persona in ("brand_a_member", "brand_a_manager"):
        search(client_of(shared.person(persona)))
    search(client_of(shared.person("brand_a_member")), q="Tonle")
    manager, address = client_of(shared.person("manager_a")), reverse("who_saw", args=[shared.factory_a.pk])
    assert "Named in 3 searches for non-compliance in Compensation" in manager.get(address).content.decode()
    member, report = shared.person("brand_a_member"), shared.assessments["a2"]
    record_access(by=member, assessment=report, openings=access.openings(member, report), action="view")
    text = b"".join(manager.get(address, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    assert text.count("Viewed") == 1
    assert text.count("Named in a search") == 3
    assert text.count("Aster & Oak") == 4

    rows = searches_of(shared, "manager_a", shared.factory_a, api_of)
    assert [(row["brand"]["name"], row["about"]) for row in rows] == [("Aster & Oak", FOUND)] * 3
    assert shared.factory_b.name not in json.dumps(rows)
    assert "factories" not in rows[0]
    other = client_of(shared.person("manager_b")).get(reverse("who_saw", args=[shared.factory_b.pk]))
    assert "Named in 2 searches for non-compliance" in other.content.decode()


def test_searches_are_narrowed_as_readings_are(shared: World, client_of: Any, api_of: Any) -> None:
    search(client_of(shared.person("brand_a_member")))
    today, person = timezone.now().date(), shared.person("brand_a_member").pk
    expected: list[tuple[dict[str, Any], int]] = [
        ({"person": person}, 1),
        ({"person": shared.person("manager_a").pk}, 0),
        ({"brand": shared.brand_a.pk}, 1),
        ({"brand": "staff"}, 0),
        ({"since": today - timedelta(days=1), "until": today + timedelta(days=1)}, 1),
        ({"until": today - timedelta(days=2)}, 0),
    ]
    for asked, number in expected:
        assert len(searches_of(shared, "manager_a", shared.factory_a, api_of, **asked)) == number, asked
    manager, address = client_of(shared.person("manager_a")), reverse("who_saw", args=[shared.factory_a.pk])
    for name, asked_for in (("scope", "report"), ("cycle", "2")):
        assert "Named in" not in manager.get(address, {name: asked_for}).content.decode()


def test_invariant_3_nobody_else_sees_a_search(shared: World, client_of: Any, api_of: Any) -> None:
    search(client_of(shared.person("brand_a_member")), q="Tonle")

    def number(persona: str) -> int:
        return SearchRecord.objects.visible_to(shared.person(persona)).count()

    seeing = {"brand_a_manager", "manager_a", "member_a", "representative_a", "team_leader", "programme_manager"}
    assert {persona: number(persona) for persona in seeing} == dict.fromkeys(seeing, 1)
    for persona in ("brand_b_manager", "manager_b", "vietnam_manager", "constituent", "outsider", "inactive"):
        assert number(persona) == 0, persona


def test_r47_what_staff_found_before_its_release_is_hidden_from_the_factory(shared: World, api_of: Any) -> None:
    staff, draft = shared.person("team_leader"), shared.assessments["a4"]
    record_search(by=staff, condition=SearchRecord.Condition.CLUSTER, about=FOUND, named=[draft])
    assert SearchRecord.objects.visible_to(staff).count() == 1
    assert searches_of(shared, "manager_a", shared.factory_a, api_of) == []
    record_search(by=staff, condition=SearchRecord.Condition.CLUSTER, about=FOUND, named=[shared.assessments["a2"]])
    [row] = searches_of(shared, "manager_a", shared.factory_a, api_of)
    assert (row["brand"], row["is_own"]) == (None, False)


def test_a_search_costs_two_statements_more(shared: World, client_of: Any, decisions_are_settled: None) -> None:
    """It is recorded, and what was shared just now cannot be undone after it."""
    client = client_of(shared.person("brand_a_member"))
    search(client)
    with CaptureQueriesContext(connection) as without:
        client.get(reverse("shared_list"), {"cycle": 2})
    with CaptureQueriesContext(connection) as written:
        search(client)
    assert sum("sharing_searchrecord" in query["sql"] for query in written) == 1
    assert len(written) == len(without) + 2


def test_searches_are_sealed_and_append_only(shared: World, client_of: Any) -> None:
    search(client_of(shared.person("brand_a_member")))
    row = SearchRecord.objects.get()
    for change in (lambda: SearchRecord.objects.update(about="x"), row.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    seal_new_rows(begins_with_history=True)
    assert LedgerLeaf.objects.filter(source="sharing_searchrecord", row_id=row.pk).exists()


def test_each_list_that_a_finding_narrows_writes_down_whom_it_names() -> None:
    """Whoever asks for a condition on findings anew, writes it down: and is named here."""
    root = Path(__file__).parents[2]
    asking = {
        path.relative_to(root).as_posix()
        for app in ("assessments", "portal", "sharing", "brands", "factories")
        for path in (root / app).rglob("*.py")
        if "has_non_compliance_in(" in path.read_text()
    }
    assert asking == {"assessments/figures/queries.py", "assessments/reading/listing.py"}
