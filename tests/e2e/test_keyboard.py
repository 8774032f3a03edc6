"""A manager without a mouse: signs in, decides, stops and resumes, reads who saw what, looks back, invites a colleague.

At each step the focus is seen, uncovered, and goes down the page in the order of its source (`Keys`). After an error
and after what was done the focus is where the words about it are.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from portal.core.days import today
from sharing import access
from sharing.models import AccessRequest, SharingGrant
from sharing.records.services import record_access
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.e2e.keys import Keys
from tests.e2e.structure import faults_of, nodes_of
from tests.e2e.visitor import Visitor
from tests.world import PASSWORD, World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
Visit = Callable[..., Visitor]
BRAND, OTHER = "Aster & Oak", "Bluefinch"
ENOUGH = 4  # pages between "Share" and the end of it


@pytest.fixture
def asked(world: World) -> World:
    """Brand A asks for the reports; brand B has Step 1 data, and has read it."""
    terms = RequestedTerms(scopes=("report",), purpose="Sourcing review")
    request_access(by=world.person("brand_a_member"), brand=world.brand_a, factory=world.factory_a, terms=terms)
    grant, member, report = world.grant(world.brand_b, scope="step1"), "brand_b_member", world.assessments["a2"]
    assert access.openings(world.person(member), report)
    record_access(by=world.person(member), assessment=report, openings={"step1": grant}, action="view")
    return world


def test_a_manager_needs_no_mouse(visit: Visit, asked: World) -> None:
    manager = visit("anonymous")
    keys = Keys(manager)
    signs_in(keys, asked)
    approves_and_undoes(keys)
    shares_with_another_brand(keys)
    stops_and_resumes(keys)
    reads_and_exports_who_saw_what(keys)
    looks_at_a_past_day(keys, asked)
    invites_a_colleague(keys)


def signs_in(keys: Keys, world: World) -> None:
    """Past the head of the page, after a wrong password."""
    page = keys.page
    keys.visitor.open("/accounts/login/")
    keys.skip()
    for password in ("not this one", PASSWORD):
        keys.write(page.get_by_label("E-mail").or_(page.get_by_label("Email")), world.person("manager_a").email)
        keys.write(page.get_by_label("Password"), password)
        keys.enter(page.get_by_label("Password"))
        if password != PASSWORD:
            expect(page.locator("[role=alert][data-focus]")).to_be_focused()
    expect(page).to_have_url(f"{keys.visitor.base}/")
    menu = keys.to(page.locator("details.menu > summary"))
    keys.press("Enter")
    keys.to(page.get_by_role("link", name="Your profile"))
    keys.press("Escape")
    expect(menu).to_be_focused()
    expect(page.get_by_role("link", name="Your profile")).to_be_hidden()


def approves_and_undoes(keys: Keys) -> None:
    """From the inbox, with one press; what was undone is shared in the end."""
    for is_undone in (True, False):
        go(keys, "Inbox")
        keys.enter(in_main(keys, "link", re.compile(re.escape(BRAND))).first)
        keys.enter(in_main(keys, "button", "Share this"))
        is_told(keys)
        assert AccessRequest.objects.get().state == "approved"
        if is_undone:
            keys.enter(in_main(keys, "button", re.compile("^Undo")).first)
            is_told(keys, "The request is open again.")
            assert AccessRequest.objects.get().state == "open"


def shares_with_another_brand(keys: Keys) -> None:
    """Through whatever the pages ask: the brand, the data, the cycles, a summary."""
    go(keys, "Brands")
    keys.enter(in_main(keys, "link", "Share"))
    for _page in range(ENOUGH):
        end = in_main(keys, "button", re.compile("^Share (now|this)$"))
        if end.count():
            keys.enter(end.first)
            break
        for name in (OTHER, "Assessment reports", "All reports"):
            box = keys.page.get_by_label(re.compile(f"^{name}")).and_(keys.page.locator("input"))
            if box.count() and not box.is_checked():
                keys.tick(box)
        onward = in_main(keys, "button", re.compile("^(Continue|Next)$"))
        keys.enter(onward if onward.count() else in_main(keys, "link", re.compile(f"^{OTHER}")))
    is_told(keys)
    assert SharingGrant.objects.get(brand__name=OTHER, scope="report").ended_at is None


def stops_and_resumes(keys: Keys) -> None:
    """From the list of brands; the page that follows offers to resume."""
    given = SharingGrant.objects.filter(brand__name=BRAND, ended_at=None)
    assert given.exists()
    go(keys, "Brands")
    keys.enter(in_main(keys, "link", f"Stop sharing with {BRAND}"))
    keys.enter(in_main(keys, "button", re.compile("^Stop")))
    assert not given.exists()
    is_told(keys)
    keys.enter(in_main(keys, "link", re.compile("^Resume")).or_(in_main(keys, "button", re.compile("^Resume"))).first)
    if not given.exists():
        keys.enter(in_main(keys, "button", re.compile("^Resume")))
    is_told(keys)
    assert given.exists()


def reads_and_exports_who_saw_what(keys: Keys) -> None:
    """A row opens to its records; the list is downloaded."""
    page = keys.page
    go(keys, "Brands")
    keys.enter(in_main(keys, "link", "Records"))
    keys.to(page.locator("details.fold > summary", has_text=OTHER))
    keys.press("Enter")
    expect(page.locator("details.fold[open]")).to_contain_text("Viewed")
    keys.visitor.open(page.url.removeprefix(keys.visitor.base))
    keys.to(in_main(keys, "link", "Download CSV"))
    with page.expect_download() as arriving:
        keys.press("Enter")
    assert OTHER in arriving.value.path().read_text()


def looks_at_a_past_day(keys: Keys, world: World) -> None:
    """The day before yesterday, when nobody had access yet; typed as the browser asks for it."""
    day = today(world.factory_a) - timedelta(days=2)
    keys.enter(in_main(keys, "link", "Access on a date"))
    page = keys.page
    keys.write(page.get_by_label("Cycle", exact=True), "2")
    keys.write(page.locator("main input[type=date]"), f"{day:%m%d%Y}")  # the order of the browser's own language
    keys.enter(in_main(keys, "button", "Show"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who could read data of")
    expect(page.locator("main input[type=date]")).to_have_value(day.isoformat())
    keys.visitor.sees("No brand could read it.")


def invites_a_colleague(keys: Keys) -> None:
    """After an error: the summary leads to the field, and what was typed is still there."""
    page = keys.page
    go(keys, "Factory")
    keys.enter(in_main(keys, "link", "Members"))
    keys.enter(in_main(keys, "link", re.compile("^Invite")).first)
    mail = in_main(keys, "textbox", re.compile("^E-?mail"))
    keys.write(mail, "not an address")
    keys.enter(mail)
    expect(page.locator("[role=alert][data-focus]")).to_be_focused()
    keys.enter(page.locator("[data-focus] a").first)
    expect(mail).to_be_focused()
    keys.write(mail, "colleague@test.example")
    keys.tick(in_main(keys, "radio", re.compile(".")).first)
    keys.enter(in_main(keys, "button", "Send the invitation"))
    is_told(keys)
    keys.visitor.sees("colleague@test.example")


def go(keys: Keys, words: str) -> None:
    """Choose an entry of the main menu, from the top of a page."""
    keys.visitor.open(keys.page.url.removeprefix(keys.visitor.base).partition("#")[0] or "/")
    keys.enter(keys.page.locator("header nav").get_by_role("link", name=re.compile(f"^{words}")))


def in_main(keys: Keys, role: str, name: str | re.Pattern[str]) -> Locator:
    """A control of the page's content, by its role and its whole name."""
    return keys.page.locator("main").get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]


def is_told(keys: Keys, words: str = "") -> None:
    """The words about what was done have the focus; what follows them is the next stop."""
    told = keys.page.locator("main .messages")
    expect(told).to_be_focused()
    expect(told).to_contain_text(words)


def test_each_kind_of_page_is_walked_there_and_back(visit: Visit, asked: World) -> None:
    """Nothing holds the focus, nothing is passed over."""
    keys, factory = Keys(visit("manager_a")), f"/factories/{asked.factory_a.pk}"
    request = AccessRequest.objects.get()
    for path in (
        "/", f"{factory}/brands/", f"{factory}/brands/{asked.brand_b.pk}/", f"/requests/{request.pk}/",
        f"{factory}/sharing/new/", f"{factory}/who-saw-what/", f"{factory}/who-could-see/?cycle=2",
        f"/people/factory/{asked.factory_a.pk}/", f"/assessments/{asked.assessments['a2'].pk}/",
    ):  # fmt: skip
        assert keys.walk(path) > 5, path


def test_a_screen_reader_hears_the_brand_that_a_control_is_about(visit: Visit, asked: World) -> None:
    asked.grant(expires_at=timezone.now() + timedelta(days=9))
    manager, factory = visit("manager_a"), asked.factory_a.pk
    manager.open(f"/factories/{factory}/brands/")
    nodes = nodes_of(manager.page)
    assert [one.role for one in nodes if one.role in {"banner", "main", "contentinfo"}] == [
        "banner", "main", "contentinfo",
    ]  # fmt: skip
    names = [one.name for one in nodes if one.role == "link"]
    assert {f"Stop sharing with {BRAND}", f"Stop sharing with {OTHER}"} <= set(names)
    assert names[0] == "Skip to the content"
    manager.open(f"/factories/{factory}/brands/{asked.brand_a.pk}/")
    headings = [(one.level, one.name) for one in nodes_of(manager.page) if one.level]
    assert headings[0] == (1, BRAND)
    assert {level for level, _name in headings[1:]} == {2}


WRONG = """
<main><h1>Brands</h1><h3>Now</h3>
<a href="/1">Stop</a><a href="/1">Aster</a><a href="/2">Aster</a><button></button><h1>Again</h1></main><main></main>
"""


def test_the_check_of_the_structure_notices_what_is_wrong(visit: Visit) -> None:
    nobody = visit("anonymous")
    nobody.page.set_content(WRONG)
    assert faults_of(nobody.page) == [
        "2 landmarks of the kind main",
        "the headings begin with [1, 3, 1] and have 2 of the first level",
        "the heading 'Now' skips a level",
        "a link is called 'Stop'",
        "a button is called ''",
        "2 controls are all called link 'Aster': ['/1', '/2']",
    ]
