"""Who saw what: narrowing, taking along, a brand's own log, and the month."""

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

import openpyxl
import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from portal.core.days import UTC_DAYS, moment_at, start_of, today
from portal.core.models import Event
from portal.notices.models import Notice
from sharing import access
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRecord
from sharing.records import digest
from sharing.records.notices import digest_line
from sharing.records.services import record_access
from sharing.requests.services.undoing import undo
from tests.world import World

pytestmark = pytest.mark.django_db


def saw(world: World, persona: str, action: str = "view", name: str = "a2") -> None:
    """A line, as a visit writes it."""
    person, assessment = world.person(persona), world.assessments[name]
    openings = access.openings(person, assessment, ["report"])
    record_access(by=person, assessment=assessment, openings=openings, action=action)


def reads(response: Any) -> int:
    """How many reads a page of activity counts."""
    return sum(row.times for day in response.context["page"] for row in day.rows)


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
    expected: list[tuple[dict[str, Any], int, int]] = [  # asked; read by brands; and by everybody, as the API lists
        ({}, 4, 6),
        ({"own": "1"}, 5, 6),
        ({"own": "1", "staff": "1"}, 6, 6),
        ({"person": seen.person("brand_a_member").pk}, 2, 2),
        ({"brand": seen.brand_a.pk}, 3, 3),
        ({"brand": seen.brand_a.pk, "staff": "1"}, 4, 4),
        ({"brand": "own"}, 1, 1),
        ({"brand": "staff"}, 1, 1),
        ({"action": "download"}, 1, 1),
        ({"scope": "step1"}, 0, 0),
        ({"since": now.isoformat(), "until": now.isoformat()}, 4, 6),
        ({"until": (now - timedelta(days=1)).isoformat()}, 0, 0),
    ]
    for asked, by_brands, by_all in expected:
        assert reads(manager.get(address, asked)) == by_brands, asked
        found = api.get(f"/api/v1/factories/{seen.factory_a.pk}/who-saw-what/", asked).json()["results"]
        assert len(found) == by_all, asked
    for asked, number in (({"brand": "brands"}, 4), ({"brand": "brands", "own": "true"}, 5)):
        rows = api.get(f"/api/v1/factories/{seen.factory_a.pk}/who-saw-what/", asked).json()["results"]
        assert len(rows) == number, asked
    for nonsense in ({"brand": "9999"}, {"own": "2"}, {"since": "0000"}, {"since": "0001-01-01"}, {"person": "\x00"}):
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


def test_activity_goes_by_whole_days_forwards_and_back(
    world: World, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a single day has more records than a page reads: it is counted whole, and the newest are listed."""
    monkeypatch.setattr("sharing.records.activity.RECORDS_READ", 4)
    monkeypatch.setattr("sharing.records.activity.ROWS_SHOWN", 2)
    world.grant()
    world.grant(world.brand_b)
    noon = moment_at(today(world.factory_a) + timedelta(days=1), time(12), world.factory_a)
    both = ("brand_a_member", "brand_b_member")
    for day, readers in enumerate([both, both[:1], both[:1] * 9, both[1:], both]):
        for number, reader in enumerate(readers):
            with time_machine.travel(noon + timedelta(days=day, minutes=number), tick=False):
                saw(world, reader)
    manager, address = client_of(world.person("manager_a")), reverse("who_saw", args=[world.factory_a.pk])
    newest_first: list[list[tuple[int, int, int]]] = [[(2, 2, 0)], [(1, 1, 0)], [(1, 9, 5)], [(1, 1, 0)], [(2, 2, 0)]]
    pages, cursor = [], ""
    while True:
        page = manager.get(address, {"cursor": cursor}).context["page"]
        pages.append(page)
        if not (cursor := page.next_cursor):
            break
    shown = [
        [(len(day.rows), sum(row.times for row in day.rows), sum(row.unlisted for row in day.rows))]
        for page in pages
        for day in page
    ]
    assert shown == newest_first
    assert "4 of 9 reads are listed here" in manager.get(address, {"cursor": pages[1].next_cursor}).content.decode()
    for later, earlier in pairwise(pages):
        back = manager.get(address, {"cursor": earlier.previous_cursor}).context["page"]
        assert [day.day for day in back] == [day.day for day in later]


def test_a_row_says_what_a_brand_read_who_did_and_when(world: World, client_of: Any) -> None:
    world.grant()
    world.grant(scope="step1")
    member, report = world.person("brand_a_member"), world.assessments["a2"]
    opened = access.openings(member, report)
    for _ in range(3):
        record_access(by=member, assessment=report, openings=opened, action="view")
    only = {"report": opened["report"]}
    record_access(by=member, assessment=report, openings=only, action="download", copy_number=7, copy_format="pdf")
    saw(world, "member_a")
    manager, address = client_of(world.person("manager_a")), reverse("who_saw", args=[world.factory_a.pk])
    answer = manager.get(address)
    [day] = answer.context["page"]
    [row] = day.rows
    assert row.in_words == [
        "Report of cycle 2: viewed 3 times, downloaded once (PDF)",
        "Step 1 data of cycle 2: viewed 3 times",
    ]
    assert (row.people, row.more_people, len(row.records)) == ([member.name], 0, 7)
    assert "Show our own reads and previews" in answer.content.decode()
    both = manager.get(address, {"own": "1", "action": "view"})
    assert [one.in_words for one in both.context["page"].items[0].rows] == [
        ["Report of cycle 2: viewed once"],
        ["Report and Step 1 data of cycle 2: viewed 3 times"],
    ]
    assert "Hide our own reads and previews" in both.content.decode()


def test_the_weeks_are_those_of_the_factory_and_count_brands_only(world: World, client_of: Any) -> None:
    world.grant()
    monday = start_of(date(2027, 3, 1), world.factory_a)
    moments = [monday - timedelta(minutes=1), monday, monday + timedelta(days=6), monday - timedelta(days=78)]
    for moment in moments:
        with time_machine.travel(moment, tick=False):
            saw(world, "brand_a_member")
    with time_machine.travel(monday + timedelta(days=6, hours=1), tick=False):
        saw(world, "member_a")
        manager = client_of(world.person("manager_a"))
        answer = manager.get(reverse("who_saw", args=[world.factory_a.pk]), {"own": "1"})
        weeks = answer.context["weeks"]
    assert [number for _week, number in weeks] == [0] * 10 + [1, 2]
    assert weeks[-1][0] == date(2027, 3, 1)


def test_a_period_that_ends_before_it_begins_is_pointed_out_at_both_days(
    world: World, client_of: Any, api_of: Any
) -> None:
    asked = {"since": "2026-03-02", "until": "2026-03-01"}
    answer = client_of(world.person("manager_a")).get(reverse("who_saw", args=[world.factory_a.pk]), asked)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["since", "until"]
    page = answer.content.decode()
    assert "Check what you entered." in page
    assert "Nothing was saved" not in page
    refused = api_of(world.person("manager_a")).get(f"/api/v1/factories/{world.factory_a.pk}/who-saw-what/", asked)
    assert (refused.status_code, set(refused.json()["errors"])) == (400, set(asked))


def test_the_log_is_taken_along_whole_and_without_formulas(
    seen: World, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharing.records.views.CHUNK", 2)
    person = seen.person("brand_a_member")
    person.name = "=HYPERLINK(1)"
    person.save()
    manager, address = client_of(seen.person("manager_a")), reverse("who_saw", args=[seen.factory_a.pk])

    text = b"".join(manager.get(address, {"format": "csv"}).streaming_content).decode("utf-8-sig")
    assert len(text.splitlines()) == 5
    assert text.count("'=HYPERLINK(1)") == 2
    whole = manager.get(address, {"format": "csv", "own": "1", "staff": "1"}).streaming_content
    assert len(b"".join(whole).decode("utf-8-sig").splitlines()) == 7
    book = openpyxl.load_workbook(BytesIO(manager.get(address, {"format": "xlsx", "brand": "own"}).getvalue()))
    rows = list(book.active.values)
    assert [row[1] for row in rows[1:]] == [seen.person("member_a").name]
    assert Event.objects.filter(kind="record.exported", factory_id=seen.factory_a.pk).count() == 3
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


def test_the_summary_opens_on_the_latest_month_in_which_a_brand_read_something(world: World, client_of: Any) -> None:
    manager, address = client_of(world.person("manager_a")), reverse("monthly_summary", args=[world.factory_a.pk])
    saw(world, "member_a")
    assert manager.get(address).context["digest"].month == digest.last_month(world.factory_a)
    world.grant()
    saw(world, "brand_a_member")
    this = digest.last_month(world.factory_a, running=True)
    assert manager.get(address).context["digest"].month == this
    with time_machine.travel(start_of(this, world.factory_a) + timedelta(days=100)):
        later = client_of(world.person("manager_a")).get(address)
    assert later.context["digest"].month == this


def test_what_was_undone_or_has_not_begun_is_not_among_what_nobody_read(world: World) -> None:
    month, manager = digest.last_month(world.factory_a, running=True), world.person("manager_a")
    undo(by=manager, factory=world.factory_a, grants=[world.grant().pk])
    world.grant(scope="step1", valid_from=timezone.now() + timedelta(minutes=1))
    used = world.grant(world.brand_b)
    found = digest.monthly_digest(user=manager, factory=world.factory_a, month=month)
    assert found.never_looked == [used]


def test_the_file_of_the_log_is_named_after_its_period(seen: World, client_of: Any) -> None:
    manager, address = client_of(seen.person("manager_a")), reverse("who_saw", args=[seen.factory_a.pk])
    number = seen.factory_a.bw_id.replace("/", "-")
    for asked, period in (
        ({}, ""),
        ({"since": "2026-11-01", "until": "2026-11-30"}, "-2026-11"),
        ({"since": "2026-11-03", "until": "2026-11-30"}, "-from-2026-11-03-until-2026-11-30"),
        ({"since": "2026-11-03"}, "-from-2026-11-03"),
    ):
        name = manager.get(address, {"format": "csv", **asked})["Content-Disposition"]
        assert f'who-saw-what-{number}{period}.csv"' in name


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
