"""Pages for everybody: on a phone, by keyboard, without JavaScript, and for a scanner on every page of every role."""

import shutil
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from assessments.reports.services import order_report
from portal.accounts.models import User
from portal.core import jobs
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.amounts import IS_LONG
from tests.e2e.visitor import Visitor
from tests.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
Visit = Callable[..., Visitor]


def pages_of(world: World) -> dict[str, list[str]]:
    """The pages of each role that the story does not pass, and its own once more; a factory's: `test_every_page`."""
    a2, brand, country = f"/assessments/{world.assessments['a2'].pk}/", world.brand_a.pk, world.cambodia.pk
    return {
        "brand_a_manager": [
            "/", "/shared/", a2, f"/brands/{brand}/", f"/brands/{brand}/suppliers/", f"/brands/{brand}/integrations/",
            f"/people/brand/{brand}/", "/nowhere/",
        ],
        "programme_manager": [
            "/", "/board/", "/board/?state=factory_review", a2, a2 + "correct/", a2 + "steps/withdraw/", "/factories/",
            "/factories/new/", "/brands/", "/tools/", f"/tools/{world.tool.pk}/", "/tools/import/",
            "/assessments/import/", f"/programmes/{country}/", f"/programmes/{country}/edit/",
            f"/people/programme/{country}/",
        ],
        "global_staff": ["/", "/programmes/", "/programmes/new/", "/brands/new/", f"/brands/{brand}/edit/"],
        "constituent": ["/", f"/programmes/{country}/"],
        "outsider": ["/"],
    }  # fmt: skip


@pytest.fixture
def shared(world: World) -> World:
    """Factory A shares with brand A, whose member has read it."""
    world.grant(scope="report")
    world.grant(scope="step1")
    order = order_report(
        by=world.person("brand_a_member"),
        assessment=world.assessments["a2"],
        scope="report",
        language="en",
        format="json",
    )
    jobs.run(order.job_id)
    return world


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here waits for a worker."""
    monkeypatch.setattr(jobs, "nudge", lambda _job_id: None)


@pytest.mark.parametrize("persona", ["brand_a_manager", "programme_manager", "global_staff", "constituent", "outsider"])
def test_every_page_on_a_phone(visit: Visit, shared: World, persona: str, pytestconfig: pytest.Config) -> None:
    """Nothing is wider than the screen, and the scanner finds nothing that keeps somebody out.

    With each seed every third page, with the next ones the others; with `--long` all of them.
    """
    visitor, pages = visit(persona, **PHONE), pages_of(shared)[persona]
    if not IS_LONG and len(pages) > 2:
        pages = pages[int(pytestconfig.getoption("randomly_seed", 0)) % 3 :: 3]
    for path in pages:
        assert visitor.open(path) == (404 if path == "/nowhere/" else 200), path
        visitor.fits()
    assert visitor.scanned > len(pages)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_f5_a_factorys_pages_print_without_controls_and_blank_pages(visit: Visit, shared: World) -> None:
    """On paper stand the factory, who printed it and when; nothing that can only be pressed."""
    manager, factory = visit("manager_a"), f"/factories/{shared.factory_a.pk}/"
    manager.may_scan = False
    manager.page.emulate_media(media="print")
    receipt = shared.factory_a.grants.get(scope="report").receipts.get().number
    for path in (
        f"{factory}who-could-see/?cycle=2", f"{factory}who-saw-what/", f"{factory}who-saw-what/month/",
        f"{factory}brands/", f"{factory}brands/{shared.brand_a.pk}/", f"/receipts/{receipt}/",
    ):  # fmt: skip
        assert manager.open(path) == 200, path
        controls = manager.page.locator("button, .btn, input, select, textarea, nav, header, footer")
        assert controls.locator("visible=true").count() == 0, path
        paper = manager.page.pdf(format="A4")
        words = subprocess.run(["pdftotext", "-", "-"], input=paper, capture_output=True, check=True).stdout.decode()
        sheets = [sheet.split() for sheet in words.split("\f")[:-1]]
        assert all(len(sheet) > 5 for sheet in sheets), path
        printed = f"{shared.factory_a.name} ({shared.factory_a.bw_id}). Printed by Manager A"
        assert printed in " ".join(sheets[0]), path


def test_the_scanner_and_the_console_notice_what_is_wrong(visit: Visit) -> None:
    """A page with faults does not pass: the checks of all the others mean something."""
    nobody = visit("anonymous")
    nobody.open("/accounts/login/")
    nobody.page.evaluate("document.querySelector('main').append(document.createElement('img'))")
    with pytest.raises(AssertionError, match="image-alt"):
        nobody.look()
    nobody.open("/accounts/login/")
    nobody.page.evaluate("document.body.setAttribute('style', 'min-width: 9000px')")
    nobody.page.evaluate("document.head.insertAdjacentHTML('beforeend', '<style>p {color: red}</style>')")
    with pytest.raises(AssertionError, match="Content Security Policy"):
        nobody.look()


def test_the_bar_of_a_phone_covers_no_button_that_is_reached(visit: Visit, world: World) -> None:
    """Khmer labels take several lines; what has the focus is above the bar all the same."""
    terms = RequestedTerms(("report",), "Sourcing review")
    asked = request_access(by=world.person("brand_a_member"), brand=world.brand_a, factory=world.factory_a, terms=terms)
    User.objects.filter(pk=world.person("manager_a").pk).update(language="km")
    manager = visit("manager_a", **PHONE)
    manager.open(f"/requests/{asked.pk}/")
    bar = manager.page.locator(".site-bar").bounding_box()
    assert bar
    for link in manager.page.locator(".actions a.btn, .actions button").locator("visible=true").all():
        manager.page.evaluate("window.scrollTo(0, 0)")
        link.focus()
        box = link.bounding_box()
        assert box
        assert box["y"] + box["height"] <= bar["y"]


def test_a_phone_shares_and_stops_sharing(visit: Visit, world: World) -> None:
    """The manager decides on a phone: the bar, list, sheet, end; then records and help, two taps each."""
    manager = visit("manager_a", **PHONE)
    expect(manager.page.locator(".site-bar")).to_be_in_viewport(ratio=1)
    manager.menu("Brands")
    manager.follow("Share")
    manager.fits()
    manager.follow("Bluefinch")
    manager.sees("Bluefinch can read cycle 2 from today until")
    manager.fits()
    expect(manager.page.get_by_role("button", name="Share this")).to_be_in_viewport(ratio=1)
    manager.press("Share this")
    manager.sees("can now read what")
    manager.fits()
    manager.menu("Brands")
    manager.page.get_by_role("link", name="Stop sharing with Bluefinch").click()
    manager.press("Stop all sharing with this brand")
    manager.sees("Resume")
    manager.fits()
    manager.menu("Brands")
    manager.follow("Records")
    manager.follow("Receipts")
    manager.fits()
    manager.account("Help")
    manager.sees("A brand cannot see which other brands have access.")
    manager.fits()


def test_reading_needs_no_javascript(visit: Visit, shared: World) -> None:
    """A brand reads its list, findings and answers; the manager sees who can see the data and stops it."""
    member = visit("brand_a_member", java_script_enabled=False)
    member.menu("Shared with us")
    row = member.page.locator("main tbody tr").first
    expect(row).to_contain_text("Tonle Lotus Garments")
    row.get_by_role("link", name="Tonle Lotus Garments").click()
    member.sees("Non-compliance was found in")
    expect(member.page.locator("#findings")).to_contain_text("Overtime is paid at the wrong rate")
    member.page.locator("#step1 summary").first.click()
    expect(member.page.locator("#step1 .point").first).to_be_visible()
    member.page.goto(f"{member.base}/shared/?cluster=Compensation")
    expect(member.page.locator("main tbody tr").first).to_contain_text("Tonle Lotus Garments")

    manager = visit("manager_a", java_script_enabled=False)
    manager.menu("Brands")
    manager.page.get_by_role("link", name="Stop sharing with Aster & Oak").click()
    manager.press("Stop all sharing with this brand")
    manager.sees("ended all access of Aster & Oak: ")


def test_an_order_without_javascript_is_watched_by_hand(visit: Visit, shared: World) -> None:
    """The progress page offers to look again."""
    member = visit("brand_a_member", java_script_enabled=False)
    member.page.goto(f"{member.base}/assessments/{shared.assessments['a2'].pk}/")
    member.page.get_by_label("Format").select_option(label="PDF")
    member.press("Create the file")
    member.sees("Waiting to start.")
    member.page.get_by_role("link", name="Check again").click()
    member.sees("Waiting to start.")


def test_the_keyboard_reaches_everything(visit: Visit, shared: World) -> None:
    """The first key leads past the menu; what has the focus is seen; a menu opens and closes."""
    member = visit("brand_a_member")
    page = member.page
    member.open("/shared/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    reached = 0
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement !== document.body"):
        assert focus_is_seen(member), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        reached += 1
        page.keyboard.press("Tab")
    assert reached >= 5  # filters and the shared assessments, then out of the page
    summary = page.locator("details.menu > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


def focus_is_seen(visitor: Visitor) -> bool:
    """Whether the focused element has an outline or a shadow around it."""
    return bool(
        visitor.page.evaluate(
            """() => {
                const style = getComputedStyle(document.activeElement);
                const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
                return outlined || style.boxShadow !== "none";
            }"""
        )
    )


def test_a_wrong_form_leads_to_its_errors(visit: Visit, world: World) -> None:
    """The summary of errors has the focus, each error leads to its field."""
    manager = visit("manager_a")
    manager.open(f"/factories/{world.factory_a.pk}/sharing/new/?brand={world.brand_a.pk}")
    manager.page.get_by_label("Assessment reports").uncheck()
    manager.press("Share this")
    manager.look()
    expect(manager.page.locator("[data-focus]")).to_be_focused()
    manager.page.locator("[data-focus] a").first.click()
    focused = manager.page.evaluate("document.activeElement.name || document.activeElement.id")
    assert "scopes" in focused
