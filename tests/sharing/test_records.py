"""Who saw what: narrowing, taking along, a brand's own log, and the month."""

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import time_machine
from django.urls import reverse

from portal.core.days import UTC_DAYS, today
from portal.core.models import Event
from portal.notices.models import Notice
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from sharing.records import digest
from sharing.records.notices import digest_line
from sharing.records.services import record_access
from tests.world import World

pytestmark = pytest.mark.django_db


def saw(world: World, persona: str, action: str = "view", name: str = "a2") -> None:
    """A line, as a visit writes it."""
    from sharing import access

    person, assessment = world.person(persona), world.assessments[name]
    openings = access.openings(person, assessment, ["report"])
    record_access(by=person, assessment=assessment, openings=openings, action=action)


@pytest.fixture
def seen(world: World) -> World:
    """Two brands, the factory itself and staff have read."""
    world.grant()
    world.grant(world.brand_b)
    for persona in ("brand_a_member", "brand_a_manager", "brand_b_member", "member_a", "team_leader"):
        saw(world, persona)
    saw(world, "brand_a_member", "download")
    return world


def test_the_factory_narrows_by_person_side_data_and_time(seen: World, client_of: Any, api_of: Any) -> None:
    manager, address = client_of(seen.person("manager_a")), reverse("who_saw", args=[seen.factory_a.pk])
    api = api_of(seen.person("manager_a"))
    now = today(seen.factory_a)
    expected: list[tuple[dict[str, Any], int]] = [
        ({}, 6),
        ({"person": seen.person("brand_a_member").pk}, 2),
        ({"brand": seen.brand_a.pk}, 3),
        ({"brand": "own"}, 1),
        ({"brand": "staff"}, 1),
        ({"action": "download"}, 1),
        ({"scope": "step1"}, 0),
        ({"since": now.isoformat(), "until": now.isoformat()}, 6),
        ({"until": (now - timedelta(days=1)).isoformat()}, 0),
    ]
    for asked, number in expected:
        assert len(manager.get(address, asked).context["page"]) == number, asked
        found = api.get(f"/api/v1/factories/{seen.factory_a.pk}/who-saw-what/", asked).json()["results"]
        assert len(found) == number, asked
    for nonsense in ({"brand": "9999"}, {"since": "0000"}, {"since": "0001-01-01"}, {"person": "\x00"}):
        assert manager.get(address, nonsense).status_code == 400
    # Whoever never read here cannot be chosen; whoever did is chosen by the name, and no address holds a name.
    assert manager.get(address, {"person": seen.person("outsider").pk}).status_code == 400
    page = manager.get(address).content.decode()
    assert f'href="?person={seen.person("brand_a_member").pk}"' in page
    assert "person=Brand" not in page
    line = api.get(f"/api/v1/factories/{seen.factory_a.pk}/who-saw-what/").json()["results"][0]
    assert line["person_id"] in {person.pk for person in seen.people.values() if person}
    own = f"/api/v1/brands/{seen.brand_a.pk}/what-we-read/"
    brand = api_of(seen.person("brand_a_member"))
    for asked in ({"until": "9999-12-31"}, {"since": "0001-01-01"}):
        for refused in (api.get(f"/api/v1/factories/{seen.factory_a.pk}/who-saw-what/", asked), brand.get(own, asked)):
            assert (refused.status_code, list(refused.json()["errors"])) == (400, list(asked))


def test_the_log_is_taken_along_whole_and_without_formulas(
    seen: World, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharing.records.views.CHUNK", 2)
    person = seen.person("brand_a_member")
    person.name = "=HYPERLINK(1)"
    person.save()
    manager, address = client_of(seen.person("manager_a")), reverse("who_saw", args=[seen.factory_a.pk])

    text = b"".join(manager.get(address, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    assert len(text.splitlines()) == 7
    assert text.count("'=HYPERLINK(1)") == 2
    book = openpyxl.load_workbook(BytesIO(manager.get(address, {"format": "xlsx", "brand": "own"}).getvalue()))
    rows = list(book.active.values)
    assert [row[1] for row in rows[1:]] == [seen.person("member_a").name]
    assert Event.objects.filter(kind="record.exported", factory_id=seen.factory_a.pk).count() == 2
    assert client_of(seen.person("manager_b")).get(address, {"format": "csv"}).status_code == 404


def test_invariant_3_a_brand_sees_its_own_lines_only_also_after_the_end(
    seen: World, client_of: Any, api_of: Any
) -> None:
    member = client_of(seen.person("brand_a_member"))
    grant = seen.grant()
    revoke_access(by=seen.person("manager_a"), grant=grant)
    address = reverse("what_we_read", args=[seen.brand_a.pk])

    response = member.get(address)
    assert len(response.context["page"]) == 3
    body = response.content.decode()
    for other in (seen.brand_b.name, *(seen.person(p).name for p in ("brand_b_member", "member_a", "team_leader"))):
        assert other not in body
    text = b"".join(member.get(address, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    assert len(text.splitlines()) == 4
    assert member.get(reverse("what_we_read", args=[seen.brand_b.pk])).status_code == 404
    found = api_of(seen.person("brand_a_member")).get(f"/api/v1/brands/{seen.brand_a.pk}/what-we-read/").json()
    assert {line["factory"]["name"] for line in found["results"]} == {seen.factory_a.name}
    assert set(AccessRecord.objects.visible_to(seen.person("brand_a_member")).values_list("brand", flat=True)) == {
        seen.brand_a.pk
    }


def test_the_month_in_numbers_on_a_page_by_api_and_in_a_mail_once(seen: World, client_of: Any, api_of: Any) -> None:
    seen.grant(scope="step1")
    month = digest.last_month(seen.factory_a, running=True)
    word = f"{month:%Y-%m}"
    page = client_of(seen.person("manager_a")).get(
        reverse("monthly_summary", args=[seen.factory_a.pk]), {"month": word}
    )
    found = page.context["digest"]
    (a, b) = found.readings
    assert (a.people, a.views, a.downloads, b.people, b.views) == (2, 2, 1, 1, 1)
    assert [(grant.brand, grant.scope) for grant in found.never_looked] == [(seen.brand_a, "step1")]
    assert found.staff_reads == 1
    api = api_of(seen.person("team_leader")).get(f"/api/v1/factories/{seen.factory_a.pk}/monthly-summary/?month={word}")
    assert [row["people"] for row in api.json()["readings"]] == [2, 1]
    assert client_of(seen.person("manager_a")).get(f"{page.request['PATH_INFO']}?month=x").status_code == 404

    with time_machine.travel(digest.bounds(month, seen.factory_a)[1]):  # the month is over at the factory
        assert digest.announce_digests() == 1
        assert digest.announce_digests() == 1
    notice = Notice.objects.get(kind=digest.KIND)
    line = digest_line(notice, seen.person("member_a"))
    assert line is not None
    assert "2 brands read" in line.text
    assert "1 access grant was not used" in line.text
    assert digest_line(notice, seen.person("manager_b")) is None
    assert digest_line(notice, seen.person("brand_a_member")) is None


def test_r54_months_begin_and_end_at_the_factory(world: World) -> None:
    month = digest.month_of("2026-12")
    assert digest.bounds(month, world.factory_a) == (
        datetime(2026, 11, 30, 17, tzinfo=UTC),
        datetime(2026, 12, 31, 17, tzinfo=UTC),
    )
    with time_machine.travel(datetime(2026, 12, 31, 18, tzinfo=UTC)):  # 1 January in Phnom Penh, December in UTC
        assert (digest.last_month(world.factory_a), digest.last_month(UTC_DAYS)) == (month, date(2026, 11, 1))
    for nonsense in ("2026-13", "0001-01", "x", "9999-12"):
        with pytest.raises(ValueError):  # noqa: PT011
            digest.month_of(nonsense)
