"""A preview of a decision in a real browser: over the page where it is made, and as a page without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from sharing.models import SharingGrant
from tests.e2e.test_reading import PHONE, Visit
from tests.e2e.visitor import Visitor
from tests.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
PREVIEW = re.compile(r"^Preview as this brand")
AFTER = re.compile(r"/after/(assessments/[0-9a-f-]+/)?\?draft=")


def fill_in(manager: Visitor, world: World, *, has_script: bool = True) -> None:
    """All reports for brand A: on its sheet, or without a script on the page that says what will happen."""
    manager.open(f"/factories/{world.factory_a.pk}/sharing/new/?brand={world.brand_a.pk}")
    manager.page.get_by_label("Assessment reports").check()
    manager.page.get_by_label("All reports, including later ones").check()
    manager.page.get_by_label("Purpose").fill("Spring collection")
    if has_script:
        words = manager.page.locator('[data-sheet-part="words"]')
        expect(words).to_contain_text("cycles 1 and 2")
        expect(words).not_to_have_attribute("aria-busy", "true")
    else:
        manager.press("Continue")
    manager.sees("Share with Aster & Oak?")


def test_f7_a_preview_opens_over_the_decision_and_back_closes_it(visit: Visit, world: World) -> None:
    manager = visit("manager_a", **PHONE)
    fill_in(manager, world)
    page, dialog = manager.page, manager.page.locator("dialog")
    link = page.get_by_role("link", name=PREVIEW)
    link.scroll_into_view_if_needed()
    at, place = page.url, page.evaluate("window.scrollY")
    assert place > 0
    link.click()
    expect(dialog.get_by_role("heading", name="Shared with us")).to_be_focused()
    expect(page).to_have_url(AFTER)
    manager.look()
    manager.fits()
    dialog.get_by_role("link", name=world.factory_a.name).first.click()
    expect(dialog.get_by_role("heading", name=world.factory_a.name)).to_be_focused()
    manager.look()
    dialog.locator(".on-page a").last.click()  # a place on the same page is none in the history
    page.go_back()
    expect(dialog.get_by_role("heading", name="Shared with us")).to_be_focused()
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    assert (page.url, page.evaluate("window.scrollY")) == (at, place)
    page.go_forward()
    expect(dialog.get_by_role("heading", name="Shared with us")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(at)
    link.click()
    dialog.get_by_role("link", name=world.factory_a.name).first.click()
    dialog.get_by_role("link", name="Back to the decision").click()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(at)
    assert not SharingGrant.objects.exists()
    manager.press("Share this")
    manager.sees("can now read what")
    assert SharingGrant.objects.get().purpose == "Spring collection"


def test_f7_a_preview_can_be_reloaded_and_read_in_another_language(visit: Visit, world: World) -> None:
    manager = visit("manager_a")
    fill_in(manager, world)
    manager.page.get_by_role("link", name=PREVIEW).click()
    expect(manager.page.locator("dialog h1")).to_be_focused()
    manager.page.reload()
    manager.sees("Preview: what Aster & Oak would see after your decision")
    expect(manager.page.locator("dialog")).to_have_count(0)
    manager.follow(world.factory_a.name, first=True)
    manager.page.locator("details.menu > summary").click()
    manager.page.get_by_role("button", name="Français").click()
    expect(manager.page).to_have_url(AFTER)
    expect(manager.page.locator("html")).to_have_attribute("lang", "fr")
    manager.look()
    manager.page.go_back()
    expect(manager.page).to_have_url(AFTER)
    assert manager.page.locator("main tbody tr").count() > 0


def test_f7_a_preview_without_javascript_is_a_page_with_a_way_back(visit: Visit, world: World) -> None:
    manager = visit("manager_a", java_script_enabled=False)
    fill_in(manager, world, has_script=False)
    page = manager.page
    page.get_by_role("link", name=PREVIEW).click()
    page.get_by_role("link", name=world.factory_a.name).first.click()
    manager.sees("Non-compliance was found in")
    page.go_back()
    manager.sees("Nothing is shared yet.")
    page.get_by_role("link", name="Back to the decision").click()
    for label in ("Assessment reports", "All reports, including later ones"):
        expect(page.get_by_label(label)).to_be_checked()
    manager.press("Continue")
    manager.sees("Share with Aster & Oak?")
