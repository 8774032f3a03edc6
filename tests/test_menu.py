"""The menu of each role, the parts of a factory's side, the account menu and the foot of each page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from factories.roles import FACTORY
from portal.accounts.models import User
from portal.home.parts import PAGES, PART_OF, TABS, UNDER, Part
from tests.matrix.table import ROWS
from tests.world import World

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
IN_A_FACTORY = ("manager_a", "member_a", "representative_a", "manager_b")
# Pages of one's own account, of signing in, and those for everybody.
OF_NO_PART = {
    "code_entry", "help", "invitation", "jwks", "ledger", "ledger_roots", "mail_choices", "me", "receipt_json",
    "receipt_pdf", "unsubscribe", "verify",
}  # fmt: skip


def marked(items: list[dict[str, Any]]) -> list[str]:
    return [item["url"] for item in items if item["active"]]


@pytest.mark.parametrize(
    "persona", ["manager_a", "brand_a_manager", "team_leader", "global_staff", "constituent", "advisor"]
)
def test_every_entry_of_the_menu_opens(world: World, client_of, persona) -> None:
    client = client_of(world.people[persona])
    entries = client.get("/").context["nav_items"]

    assert len(entries) > 1
    for entry in entries:
        assert client.get(entry["url"]).status_code == 200, entry
        assert [item["url"] for item in client.get(entry["url"]).context["nav_items"] if item["active"]] == [
            entry["url"]
        ]


def test_every_page_of_a_factory_belongs_to_exactly_one_part() -> None:
    """A new page is named once in `portal.home.parts.PAGES`; so is what a form shows again when it was refused."""
    shown = {
        row.name
        for row in ROWS
        if row.method == "GET" and not row.name.startswith(("api", "account_", "health"))
        if any(row.cells[persona] == "+" for persona in IN_A_FACTORY)
    }
    lacking = sorted(shown - OF_NO_PART - set(PART_OF))
    assert not lacking, f"Add to one part of PAGES in portal/home/parts.py: {', '.join(lacking)}"
    gone = sorted(set(PART_OF) - {row.name for row in ROWS})
    assert not gone, f"Not in tests/matrix/table.py, so remove from PAGES in portal/home/parts.py: {', '.join(gone)}"
    named = [name for pages in PAGES.values() for name in pages]
    twice = sorted({name for name in named if named.count(name) > 1})
    assert not twice, f"In PAGES in portal/home/parts.py more than once: {', '.join(twice)}"


def test_each_page_with_tabs_is_marked_in_them_and_its_part_in_the_menu(world: World, client_of: ClientOf) -> None:
    manager, factory = client_of(world.person("manager_a")), world.factory_a.pk
    menu = {item["label"]: item["url"] for item in manager.get("/").context["nav_items"]}
    assert list(menu) == ["Inbox", "Brands", "Reports", "Factory"]
    destinations = dict(zip((Part.INBOX, Part.BRANDS, Part.REPORTS, Part.FACTORY), menu.values(), strict=True))
    pages = {tab.page: (part, tab.url(factory)) for part, tabs in TABS.items() for tab in tabs}
    below = {page: (Part.RECORDS, reverse(page, args=[factory])) for page in UNDER}
    for page, (part, url) in {**pages, **below}.items():
        context = manager.get(url).context
        assert marked(context["nav_items"]) == [destinations[part.destination]], page
        assert marked(context["section_tabs"]) == [pages[UNDER.get(page, page)][1]], page


def test_people_of_several_factories_choose_one_and_then_have_its_pages(world: World, client_of: ClientOf) -> None:
    person = world.person("manager_b")
    person.groups.add(FACTORY.group(world.factory_a, "manager"))
    client = client_of(person)
    assert [item["label"] for item in client.get("/").context["nav_items"]] == ["Inbox", "Reports", "Our factories"]
    page = client.get(reverse("who_saw", args=[world.factory_a.pk])).context
    assert marked(page["nav_items"]) == [reverse("factory_brands", args=[world.factory_a.pk])]
    assert str(world.factory_b.pk) not in "".join(item["url"] for item in page["nav_items"] + page["section_tabs"])


@pytest.mark.parametrize(
    ("persona", "page", "first"),
    [
        ("programme_manager", "who_saw", "Factory"),
        ("programme_manager", "confirmations", "Factory"),
        ("advisor", "factory", None),
        ("brand_a_member", "explain", None),
        ("manager_b", "who_saw", None),  # another factory's: not found
    ],
)
def test_tabs_are_for_those_who_may_open_them(world: World, client_of: ClientOf, persona, page, first) -> None:
    world.grant()
    response = client_of(world.person(persona)).get(reverse(page, args=[world.factory_a.pk]))
    content = response.content.decode()
    assert ('class="tabs section-tabs"' in content) is (first is not None)
    assert first is None or response.context["section_tabs"][0]["label"] == first


def test_the_account_menu_leads_to_the_profile_mails_and_help_and_the_foot_to_the_api_where_it_is_used(
    world: World, client_of: ClientOf
) -> None:
    account = [reverse(name) for name in ("me", "mail_choices", "help", "account_logout")]
    for persona, uses_api in [("manager_a", False), ("outsider", False), ("brand_a_member", True), ("operator", True)]:
        page = client_of(world.person(persona)).get("/").content.decode()
        menu = page.partition('<details class="menu')[2].partition("</details>")[0]
        assert [url for url in account if f'"{url}"' not in menu] == [], persona
        assert len(re.findall('name="language"', page)) == 8, persona
        assert (reverse("api-schema-ui") in page) is uses_api, persona
    signed_out = Client().get(reverse("help")).content.decode()
    assert len(re.findall('name="language"', signed_out)) == 8
    assert reverse("api-schema-ui") in signed_out
