"""The inbox of a factory's people: what waits, for whom, until when; what is put aside and acknowledged."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from assessments.publication.services import take_step
from brands.models import Brand
from factories.roles import FACTORY
from portal.accounts.models import Invitation, User
from portal.accounts.services import invite
from portal.home.inbox.rows import Inbox, Row
from portal.notices.models import Snooze
from portal.notices.tasks import clear_old_notices
from sharing.confirming.services import switch_confirmation_on
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRequest, CopyToDestroy, DestroyNotice, SharingGrant, WithheldReport
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.world import World

pytestmark = pytest.mark.django_db
Browsers = Callable[[User], Client]


def inbox(browser: Client) -> Inbox:
    """The only inbox of somebody's first page."""
    [found] = browser.get("/").context["inboxes"]
    return found


def shown(browser: Client) -> dict[str, list[tuple[str, str]]]:
    """Titles and words by group."""
    return {group: [(row.title, row.words) for row in rows] for group, rows, _more in inbox(browser).groups}


def row_of(browser: Client, title: str) -> Row:
    [found] = [row for row in [*inbox(browser).rows, *inbox(browser).aside] if row.title == title]
    return found


def sent_with(browser: Client, address: str = "/") -> list[str]:
    """What a page of the inbox sends with each of its buttons: the news that it shows."""
    return re.findall(r'name="shown" value="([^"]*)"', browser.get(address).content.decode())


def press(browser: Client, world: World, act: str, row: str = "", shown: list[str] | None = None) -> str:
    """Press a button of the inbox as it is now, or as it was when it sent `shown`; return the page that follows."""
    address = reverse("inbox_act", args=[world.factory_a.pk])
    sent = {act: row, "shown": sent_with(browser) if shown is None else shown}
    return browser.post(address, sent, follow=True).content.decode().replace("&amp;", "&")


def end_for(world: World, names: list[str]) -> None:
    """Brands with these names had access to factory A, and it ended a moment ago: news."""
    manager = world.person("manager_a")
    given: dict[str, Any] = {"factory": world.factory_a, "granted_by": manager, "scope": "report"}
    brands = Brand.objects.bulk_create(Brand(name=name) for name in names)
    SharingGrant.objects.bulk_create(SharingGrant(brand=brand, **given) for brand in brands)
    ended: dict[str, Any] = {"ended_by": manager, "end_code": "stopped"}
    SharingGrant.objects.filter(brand__in=brands).update(ended_at=timezone.now(), **ended)


def ask(world: World, persona: str, brand: Brand, days: int) -> AccessRequest:
    """A request of a brand that expires in so many days."""
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    found = request_access(by=world.person(persona), brand=brand, factory=world.factory_a, terms=terms)
    return AccessRequest.objects.create(
        **{
            field.attname: getattr(found, field.attname)
            for field in AccessRequest._meta.concrete_fields
            if field.name not in {"id", "lapses_at", "brand"}
        },
        brand=Brand.objects.create(name=f"{brand.name} {days}"),
        lapses_at=timezone.now() + timedelta(days=days),
    )


def test_each_role_finds_what_it_can_do_and_who_does_the_rest(world: World, client_of: Browsers) -> None:
    """Found as F2: nobody is asked to decide or hold who may not."""
    ask(world, "brand_a_member", world.brand_a, 5)
    world.grant(world.brand_b, expires_at=timezone.now() + timedelta(days=20))
    take_step(by=world.person("team_leader"), assessment=world.assessments["a3"], name="publish")
    world.grant(brand=Brand.objects.create(name="Zephyr"), hold_days=4)
    manager, member = (shown(client_of(world.person(name))) for name in ("manager_a", "member_a"))

    asks, reads = "Asks for access", "Only a manager can decide this"
    assert (f"{world.brand_a.name} 5", asks) in manager["due"]
    assert (world.brand_a.name, asks) in manager["later"]
    assert "Access ends on" in dict(manager["later"])[world.brand_b.name]
    assert dict(manager["due"])["Zephyr"].endswith(" · You can still hold the report")
    assert "due" not in member
    assert "later" not in member
    assert (f"{world.brand_a.name} 5", f"{asks} · {reads}") in member["others"]
    assert dict(member["others"])[world.brand_b.name].endswith(reads)
    assert dict(member["news"])["Zephyr"].endswith(" · A manager can still hold the report")
    assert "Published on" in "".join(words for _title, words in member["news"])


def test_what_waits_of_one_brand_is_one_row_with_its_first_day(world: World, client_of: Browsers) -> None:
    manager = client_of(world.person("manager_a"))
    for scope, days in (("report", 4), ("step1", 12)):
        world.grant(scope=scope, expires_at=timezone.now() + timedelta(days=days))

    row = row_of(manager, world.brand_a.name)

    assert row.words.startswith("2 things · Access ends on")
    assert (row.left, row.group) == ("4 days left", "due")
    assert row.url == reverse("factory_brand", args=[world.factory_a.pk, world.brand_a.pk])


def test_who_granted_waits_for_the_second_person_and_the_second_person_confirms(
    world: World, client_of: Browsers
) -> None:
    switch_confirmation_on(by=world.person("manager_a"), factory=world.factory_a)
    grant = world.grant()
    manager, second = (client_of(world.person(name)) for name in ("manager_a", "representative_a"))

    assert (world.brand_a.name, "The worker representative must confirm access") in shown(manager)["others"]
    assert row_of(second, world.brand_a.name).url == reverse("grant_confirmation", args=[grant.pk])


def test_a_row_is_put_aside_for_one_person_and_shown_again(world: World, client_of: Browsers) -> None:
    manager, member = client_of(world.person("manager_a")), client_of(world.person("member_a"))
    ask(world, "brand_a_member", world.brand_a, 9)
    name = f"{world.brand_a.name} 9"
    row = row_of(manager, name)

    page = press(manager, world, "snooze", row.id)

    assert "postponed until" in page
    assert [one.title for one in inbox(manager).aside] == [name]
    assert name in [title for title, _words in shown(member)["others"]]
    assert f"{name} is back in your inbox." in press(manager, world, "show", row.id)
    assert inbox(manager).aside == []
    assert not Snooze.objects.exists()


def test_an_invited_manager_is_waited_for_and_no_longer_to_be_invited(world: World, client_of: Browsers) -> None:
    manager = client_of(world.person("manager_a"))
    assert [title for title, _words in shown(manager)["first"]] == ["Invite a second manager"]

    invite(
        by=world.person("manager_a"),
        kind=FACTORY,
        organisation=world.factory_a,
        email="second@test.example",
        role="manager",
    )

    assert "first" not in shown(manager)
    assert ("Members", "Waiting: second@test.example has not joined yet") in shown(manager)["others"]
    assert row_of(manager, "Members").url == reverse("members", args=["factory", world.factory_a.pk])
    assert "second@test.example" not in client_of(world.person("member_a")).get("/").content.decode()


def test_an_expired_invitation_of_a_manager_is_not_waited_for(world: World, client_of: Browsers) -> None:
    person = world.person("manager_a")
    manager, address = client_of(person), reverse("members", args=["factory", world.factory_a.pk])
    invite(by=person, kind=FACTORY, organisation=world.factory_a, email="second@test.example", role="manager")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(hours=1))

    assert [title for title, _words in shown(manager)["first"]] == ["Invite a second manager"]
    for page in (address, reverse("factory", args=[world.factory_a.pk])):
        assert "You are the only manager." in manager.get(page).content.decode(), page

    Invitation.objects.update(expires_at=timezone.now() + timedelta(hours=1), invited_by=world.person("member_a"))
    assert "You are the only manager." in manager.get(address).content.decode()


def test_nothing_is_put_aside_to_the_day_on_which_it_is_due(world: World, client_of: Browsers) -> None:
    ask(world, "brand_a_member", world.brand_a, 3)
    assert not row_of(client_of(world.person("manager_a")), f"{world.brand_a.name} 3").may_wait


def test_answers_about_copies_are_owed_in_one_row_and_not_by_who_reads_again(world: World, client_of: Browsers) -> None:
    """What is shared again is no longer asked for; the same notice is, once that ends."""
    manager = client_of(world.person("manager_a"))
    for number, brand in enumerate((world.brand_a, world.brand_b)):
        asked = DestroyNotice.objects.create(factory=world.factory_a, brand=brand, asked_by=world.person("manager_a"))
        CopyToDestroy.objects.create(notice=asked, number=number, scope="report", cycle=2)
    assert ("Copies to destroy", "2 brands have not confirmed that copies are destroyed") in shown(manager)["others"]
    assert row_of(manager, "Copies to destroy").url == reverse("destroy_notices", args=[world.factory_a.pk])

    again = world.grant(world.brand_a)
    others = shown(manager)["others"]
    assert (world.brand_b.name, "Has not confirmed that copies are destroyed") in others
    assert world.brand_a.name not in dict(others)
    assert DestroyNotice.objects.open().count() == 1

    revoke_access(by=world.person("manager_a"), grant=again)
    assert DestroyNotice.objects.open().count() == DestroyNotice.objects.count() == 2


def test_nothing_is_put_aside_past_its_day_and_what_is_over_is_deleted(world: World, client_of: Browsers) -> None:
    manager = client_of(world.person("manager_a"))
    ask(world, "brand_a_member", world.brand_a, 2)
    row = row_of(manager, f"{world.brand_a.name} 2")

    assert not row.may_wait
    assert "This has since changed." in press(manager, world, "snooze", row.id)
    assert "This has since changed." in press(manager, world, "snooze", "reader-brand-1")
    assert "Choose one of the buttons" in press(manager, world, "delete", row.id)
    person = world.person("manager_a")
    Snooze.objects.create(person=person, kind="request", key=row.things[0].key, until=timezone.now())
    assert row_of(manager, row.title) in inbox(manager).rows
    clear_old_notices()
    assert not Snooze.objects.exists()


def test_news_leaves_when_it_is_acknowledged_and_tasks_cannot_be(world: World, client_of: Browsers) -> None:
    member = client_of(world.person("member_a"))
    grant = world.grant()
    revoke_access(by=world.person("manager_a"), grant=grant)
    ended = row_of(member, world.brand_a.name)
    [review] = [row for row in inbox(member).rows if row.group == "others"]

    assert "Access ended on" in ended.words
    assert "news" not in shown(client_of(world.person("manager_a")))  # who ended it knows
    assert "This has since changed." in press(member, world, "acknowledge", review.id)
    assert "Acknowledged." in press(member, world, "acknowledge_all")
    assert inbox(member).news == []
    assert inbox(member).aside == []


def test_only_news_that_was_shown_is_acknowledged(world: World, client_of: Browsers) -> None:
    """The row after the first twenty stays, and what came after the page was opened."""
    member = client_of(world.person("member_a"))
    end_for(world, [f"Mill {number:02}" for number in range(21)])
    shown = sent_with(member)
    assert len(shown) == 20
    [unread] = [row for row in inbox(member).news if row.ids not in shown]
    end_for(world, ["Late"])

    assert "Acknowledged." in press(member, world, "acknowledge_all", shown=shown)

    assert {row.title for row in inbox(member).news} == {unread.title, "Late"}
    late = row_of(member, "Late")
    assert "This has since changed." in press(member, world, "acknowledge", late.id, shown=shown)
    assert "This has since changed." in press(member, world, "acknowledge_all", shown=[])
    assert "Acknowledged." in press(member, world, "acknowledge", late.id)
    assert [row.title for row in inbox(member).news] == [unread.title]


def test_a_late_thing_of_a_shown_row_stays_when_the_row_is_acknowledged(world: World, client_of: Browsers) -> None:
    member = client_of(world.person("member_a"))
    revoke_access(by=world.person("manager_a"), grant=world.grant())
    row, shown = row_of(member, world.brand_a.name), sent_with(member)
    revoke_access(by=world.person("manager_a"), grant=world.grant(scope="step1"))

    assert "Acknowledged." in press(member, world, "acknowledge", row.id, shown=shown)

    [left] = row_of(member, world.brand_a.name).things
    assert left.id not in row.ids


def test_all_rows_of_a_group_are_reached_page_by_page(world: World, client_of: Browsers) -> None:
    member = client_of(world.person("member_a"))
    end_for(world, [f"Mill {number:03}" for number in range(120)])
    address = f"/?all=news&factory={world.factory_a.pk}"
    assert address.replace("&", "&amp;") in member.get("/").content.decode()

    found: list[str] = []
    while address:
        with CaptureQueriesContext(connection) as queries:
            page = member.get(address)
        content = page.content.decode()
        [(group, rows, more)] = page.context["inboxes"][0].groups
        assert (group, more, len(queries) <= 15, len(content) < 60_000) == ("news", 0, True, True)
        found += [row.title for row in rows]
        following = re.search(r'href="([^"]*)" rel="next"', content)
        address = "/" + following[1].replace("&amp;", "&") if following else ""

    assert sorted(found) == sorted(row.title for row in inbox(member).news)
    assert len(found) == len(set(found)) >= 120


def test_a_group_alone_is_shown_of_ones_own_factory_only(world: World, client_of: Browsers) -> None:
    member = client_of(world.person("member_a"))
    end_for(world, ["Mill"])
    for odd in (f"all=news&factory={world.factory_b.pk}", f"all=gone&factory={world.factory_a.pk}", "all=news"):
        assert member.get(f"/?{odd}").context["inboxes"][0].page is None
    alone = member.get(f"/?all=due&factory={world.factory_a.pk}&page=9").content.decode()
    assert "Nothing is waiting for you." in alone
    assert "Mill" not in alone


def test_a_report_that_opens_to_one_brand_is_held_in_its_row(world: World, client_of: Browsers) -> None:
    manager = client_of(world.person("manager_a"))
    world.grant(cycles="only", cycle_numbers=[2], valid_from=timezone.now() + timedelta(days=2))
    row = row_of(manager, world.brand_a.name)
    assert row.hold == (world.brand_a.pk, 2)
    page = manager.get("/").content.decode()
    assert f'action="{reverse("report_withhold", args=[world.factory_a.pk])}"' in page

    brand, cycle = row.hold
    manager.post(reverse("report_withhold", args=[world.factory_a.pk]), {"brand": brand, "cycle": cycle})

    assert WithheldReport.objects.in_force().filter(brand=brand, cycle=2).exists()
    assert world.brand_a.name not in [one.title for one in inbox(manager).rows]


def test_the_inbox_takes_as_many_queries_for_many_grants_and_requests(world: World, client_of: Browsers) -> None:
    manager = client_of(world.person("manager_a"))
    brands = Brand.objects.bulk_create(Brand(name=f"Brand {number:03}") for number in range(200))
    terms: dict[str, Any] = {"factory": world.factory_a, "granted_by": world.person("manager_a")}
    ends = {"scope": "report", "expires_at": timezone.now() + timedelta(days=5)}
    SharingGrant.objects.bulk_create(SharingGrant(brand=brand, hold_days=20, **ends, **terms) for brand in brands)
    asked = {"factory": world.factory_a, "asked_by": world.person("brand_a_member"), "purpose": "Sourcing"}
    days = {"lapses_at": timezone.now() + timedelta(days=30), "remind_at": timezone.now() + timedelta(days=14)}
    AccessRequest.objects.bulk_create(
        AccessRequest(brand=brand, scopes=["report"], cycles="all", **asked, **days) for brand in brands[:60]
    )
    manager.get("/")

    with CaptureQueriesContext(connection) as queries:
        page = manager.get("/")

    assert len(queries) <= 15
    [found] = page.context["inboxes"]
    assert len(found.rows) >= 200
    assert len(page.content) < 60_000
    assert "more are not shown here." in page.content.decode()
