"""Explain: allowed or not and why, for the factory, its staff, and a brand about itself only."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.core.days import day_of, days_from_now, start_of
from portal.core.models import Event
from sharing.grants.services.revoking import revoke_access
from sharing.models import WithheldReport
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db


def ask(client: Any, world: World, factory: Any = None, **asked: Any) -> Any:
    """The page's answer."""
    return client.get(reverse("explain", args=[(factory or world.factory_a).pk]), asked)


def reasons(response: Any) -> list[str]:
    """The words of the answers."""
    return [answer.decision.reason for answer in response.context["answers"]]


def test_a_brand_cannot_tell_why_a_report_is_not_there(world: World, client_of: Any) -> None:
    """Delayed, withheld, in review, withdrawn, planned or never made: the same page, but for the number."""
    world.grant(hold_days=9)
    member = client_of(world.person("brand_a_member"))
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=1)  # held
    make_assessment(world, world.factory_a, 6, "published", published_days_ago=100)  # withheld
    make_assessment(world, world.factory_a, 7, "withdrawn", published_days_ago=100)
    WithheldReport.objects.create(
        factory=world.factory_a,
        brand=world.brand_a,
        cycle=6,
        withheld_at=timezone.now(),
        withheld_by=world.person("manager_a"),
    )

    def page(cycle: int) -> str:
        response = ask(member, world, cycle=cycle)
        assert reasons(response) == ["not_open"]
        body = response.content.decode().replace(f"cycle {cycle}", "cycle N").replace(f'value="{cycle}"', "")
        return body[body.index("<main") : body.index("</main")]

    pages = {page(cycle).split("Now:")[0] + page(cycle).split("UTC")[-1] for cycle in (3, 4, 5, 6, 7, 8)}
    assert len(pages) == 1
    assert reasons(ask(member, world, cycle=2)) == ["grant"]

    manager = client_of(world.person("manager_a"))
    brand = f"brand:{world.brand_a.pk}"
    exact = {cycle: reasons(ask(manager, world, cycle=cycle, reader=brand)) for cycle in (2, 3, 4, 5, 6, 8)}
    assert exact == {
        2: ["grant"],
        3: ["not_published"],
        4: ["not_published"],  # R47: as if it were not there
        5: ["hold"],
        6: ["withheld"],
        8: ["not_published"],
    }


def test_a_brand_learns_of_no_report_by_asking_ahead(world: World, client_of: Any, api_of: Any) -> None:
    """A report that is held, or shared from a later day on, is to a brand as if it were not there, on any day."""
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=1)
    world.grant(hold_days=9)
    world.grant(scope="step1", valid_from=timezone.now() + timedelta(days=5))
    person, api = world.person("brand_a_member"), reverse("api:factory-explain", args=[world.factory_a.pk])
    ahead = timezone.now() + timedelta(days=20)
    for scope, cycle, expected in (
        ("report", 5, False),
        ("report", 6, False),
        ("report", 2, True),
        ("step1", 2, False),
    ):
        asked = {"scope": scope, "cycle": cycle}
        page = ask(client_of(person), world, **asked, day=ahead.date().isoformat())
        assert (reasons(page) == ["grant"]) == expected
        [answer] = api_of(person).get(api, {**asked, "at": ahead.isoformat()}).json()["answers"]
        assert (answer["allowed"], answer["assessment"] is not None) == (expected, expected)
    manager, reader = client_of(world.person("manager_a")), f"brand:{world.brand_a.pk}"
    for cycle in (2, 5):  # the factory is told what its sharing will open
        assert reasons(ask(manager, world, cycle=cycle, reader=reader, day=ahead.date().isoformat())) == ["grant"]


def test_why_can_we_not_see_cycle_2(world: World, client_of: Any) -> None:
    member = client_of(world.person("brand_a_member"))
    assert ask(member, world, cycle=2).status_code == 404  # nothing was ever shared: as if there were no factory

    grant = world.grant(cycles="from", cycle_numbers=[3])
    response = ask(member, world, cycle=2)
    assert reasons(response) == ["cycle"]
    assert "does not share cycle 2" in response.content.decode()

    before = timezone.now()
    revoke_access(by=world.person("manager_a"), grant=grant)
    assert reasons(ask(member, world, cycle=3)) == ["ended"]
    day = (before - timedelta(days=1)).date().isoformat()
    assert reasons(ask(member, world, cycle=3, day=day)) == ["no_grant"]


def test_a_brand_asks_about_itself_only(world: World, client_of: Any, api_of: Any) -> None:
    world.grant()
    world.grant(world.brand_b)
    member = client_of(world.person("brand_a_member"))

    response = ask(member, world, cycle=2, reader=f"brand:{world.brand_b.pk}")
    assert reasons(response) == ["grant"]
    assert world.brand_b.name not in response.content.decode()
    assert ask(member, world, world.factory_b, cycle=1).status_code == 404
    assert ask(client_of(world.person("vietnam_manager")), world, cycle=2).status_code == 404

    api = f"/api/v1/factories/{world.factory_a.pk}/explain/?scope=report&cycle=2"
    assert api_of(world.person("brand_a_member")).get(f"{api}&reader=brand:{world.brand_b.pk}").status_code == 400
    (answer,) = api_of(world.person("brand_a_member")).get(api).json()["answers"]
    assert (answer["allowed"], answer["brand"]["name"]) == (True, world.brand_a.name)
    assert api_of(world.person("vietnam_manager")).get(api).status_code == 404
    refused = api_of(world.person("manager_b")).get(api)
    assert refused.status_code == 404


def test_an_unconfirmed_grant_is_none_to_the_brand(world: World, client_of: Any) -> None:
    world.grant(scope="step1")
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    world.grant()

    assert reasons(ask(client_of(world.person("brand_a_member")), world, cycle=2)) == ["no_grant"]
    manager = client_of(world.person("manager_a"))
    assert reasons(ask(manager, world, cycle=2, reader=f"brand:{world.brand_a.pk}")) == ["unconfirmed"]


def test_the_factory_and_staff_ask_about_people_and_any_day(world: World, client_of: Any) -> None:
    world.grant()
    reader = world.person("brand_a_member")
    manager = client_of(world.person("manager_a"))
    assert ask(manager, world, cycle=2, reader=f"person:{reader.pk}").status_code == 400  # never read: not offered
    client_of(reader).get(reverse("assessment", args=[world.assessments["a2"].pk]))
    assert reasons(ask(manager, world, cycle=2, reader=f"person:{reader.pk}")) == ["grant"]
    own = world.person("member_a")
    assert reasons(ask(manager, world, cycle=2, reader=f"person:{own.pk}")) == ["own_factory"]
    leader = client_of(world.person("team_leader"))
    brand = f"brand:{world.brand_a.pk}"
    assert reasons(ask(leader, world, cycle=2, reader=brand, day="2099-01-01")) == ["grant"]
    for nonsense in (
        {"cycle": "x"},
        {"cycle": 2, "reader": "brand:1\x00"},
        {"cycle": 2, "reader": brand, "day": "0001-01-01"},
        {"cycle": 2, "reader": brand, "time": "10:00"},
        {"cycle": 2, "reader": "a" * 10_000},
    ):
        assert ask(manager, world, **nonsense).status_code == 400


def test_the_question_about_a_brand_begins_at_the_newest_published_cycle(world: World, client_of: Any) -> None:
    world.grant()
    manager = client_of(world.person("manager_a"))
    answer = ask(manager, world, reader=f"brand:{world.brand_a.pk}")
    assert answer.context["form"]["cycle"].value() == 2  # cycle 3 is not published
    assert reasons(answer) == ["grant"]


def test_who_could_see_is_a_page_and_a_table_to_take_along(world: World, client_of: Any, api_of: Any) -> None:
    world.brand_a.name = "=cmd|Aster"
    world.brand_a.save()
    world.grant()
    manager = client_of(world.person("manager_a"))
    address = reverse("who_could_see", args=[world.factory_a.pk])

    assert "=cmd|Aster" in manager.get(address, {"cycle": 2}).content.decode()
    table = manager.get(address, {"cycle": 2, "format": "csv"})
    text = b"".join(table.streaming_content).decode("utf-8-sig")
    assert ',"\'=cmd|Aster",' in text
    assert world.person("brand_a_member").name in text
    assert manager.get(address, {"cycle": 2, "format": "xlsx"}).getvalue()[:2] == b"PK"
    assert Event.objects.filter(kind="reader.exported").count() == 2
    assert "No report to see" in manager.get(address, {"cycle": 2, "day": "2001-01-01"}).content.decode()
    for day in ("1900-01-01", "2100-01-01"):
        refused = manager.get(address, {"cycle": 2, "day": day})
        assert (refused.status_code, refused.context["form"].errors["day"]) == (
            400, ["Choose a day between 2000 and 2099."]
        )  # fmt: skip
    answer = api_of(world.person("manager_a")).get(
        f"/api/v1/factories/{world.factory_a.pk}/who-could-see/?scope=report&cycle=2"
    )
    assert [one["brand"]["name"] for one in answer.json()["versions"][0]["brands"]] == ["=cmd|Aster"]


def test_r54_a_day_asked_over_the_api_is_the_factorys_to_its_end_as_on_the_page(
    world: World, api_of: Any, time_machine: Any
) -> None:
    noon = start_of(days_from_now(1, world.factory_a), world.factory_a) + timedelta(hours=12)
    day = day_of(noon, world.factory_a)
    time_machine.move_to(noon)
    world.grant()
    time_machine.move_to(noon + timedelta(days=3))
    manager, brand = api_of(world.person("manager_a")), f"brand:{world.brand_a.pk}"
    address = f"/api/v1/factories/{world.factory_a.pk}"

    def brands(at: str) -> int:
        answer = manager.get(f"{address}/who-could-see/", {"scope": "report", "cycle": 2, "at": at}).json()
        explained = manager.get(f"{address}/explain/", {"scope": "report", "cycle": 2, "at": at, "reader": brand})
        count = len(answer["versions"][0]["brands"])
        assert [one["allowed"] for one in explained.json()["answers"]] == [bool(count)]
        return count

    asked = (day - timedelta(days=1), f"{day}T11:59", f"{day}T00:00:00Z", f"{day}T12:01", day)
    assert [brands(str(at)) for at in asked] == [0, 0, 0, 1, 1]
    wrong = {"scope": "report", "cycle": 2, "at": "1999-12-31"}
    assert set(manager.get(f"{address}/who-could-see/", wrong).json()["errors"]) == {"at"}
