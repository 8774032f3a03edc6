"""The sheet of a decision in a real browser: its sentence follows the form; without JavaScript a page says it."""

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from sharing.grants.services.revoking import stop_all_sharing
from sharing.models import SharingGrant
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.e2e.visitor import Visitor
from tests.world import World

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
Visit = Callable[..., Visitor]


def sheet_of(world: World) -> str:
    return f"{reverse('grant', args=[world.factory_a.pk])}?brand={world.brand_b.pk}"


def test_the_sentence_follows_the_form_and_errors_are_words(visit: Visit, world: World) -> None:
    manager = visit("manager_a", **PHONE)
    manager.open(sheet_of(world))
    words = manager.page.locator('[data-sheet-part="words"]')
    expect(words).to_contain_text("Bluefinch can read cycle 2 from today until")
    expect(words).to_have_attribute("aria-live", "polite")
    manager.page.get_by_label("Until").fill("")
    expect(words).to_contain_text("can read cycle 2 from today, with no end date.")
    manager.page.get_by_label("Assessment reports").uncheck()
    expect(words).to_contain_text("Choose at least one kind of data.")
    expect(manager.page.locator('[data-sheet-part="effects"]')).to_be_hidden()
    manager.page.get_by_label("Assessment reports").check()
    manager.page.get_by_label("All reports, including later ones").check()
    expect(words).to_contain_text("can read cycles 1 and 2 from today, with no end date.")
    manager.fits()
    manager.look()
    manager.press("Share this")
    manager.sees("can now read what")
    manager.sees("Undo")
    assert SharingGrant.objects.get().cycles == "all"


def test_a_press_before_the_sentence_has_followed_leads_to_the_summary(visit: Visit, world: World) -> None:
    manager = visit("manager_a")
    manager.open(sheet_of(world))
    manager.page.route(
        "**/sharing/new/**",
        lambda route: route.abort() if "fragment" in (route.request.post_data or "") else route.continue_(),
    )
    manager.page.get_by_label("All reports, including later ones").check()
    manager.press("Share this")
    manager.sees("nothing is changed yet")
    assert not SharingGrant.objects.exists()
    manager.press("Share this")
    manager.sees("can now read what")


def test_a_sheet_without_javascript_takes_a_second_page(visit: Visit, world: World) -> None:
    manager = visit("manager_a", java_script_enabled=False)
    manager.menu("Brands")
    manager.follow("Share")
    manager.follow("Bluefinch")
    expect(manager.page.get_by_role("button", name="Share this")).to_be_hidden()
    expect(manager.page.locator('[data-sheet-part="words"]')).to_be_hidden()
    manager.page.get_by_label("All reports, including later ones").check()
    manager.press("Continue")
    manager.sees("nothing is changed yet")
    manager.sees("Bluefinch can read cycles 1 and 2 from today until")
    assert not SharingGrant.objects.exists()
    manager.press("Share this")
    manager.sees("can now read what")


def test_the_sheet_is_filled_in_and_decided_by_keyboard(visit: Visit, world: World) -> None:
    manager = visit("manager_a")
    manager.open(sheet_of(world))
    keyboard, page = manager.page.keyboard, manager.page
    page.locator("#sheet input[name=cycles][value=only]").focus()
    keyboard.press("ArrowUp")
    expect(page.locator('[data-sheet-part="words"]')).to_contain_text("can read cycles 1 and 2 from today")
    page.get_by_label("Purpose").focus()
    keyboard.type("Audit")
    expect(page.locator('[data-sheet-part="words"]')).not_to_have_attribute("aria-busy", "true")
    keyboard.press("Enter")  # never decides: the summary comes first
    manager.sees("nothing is changed yet")
    assert not SharingGrant.objects.exists()
    page.get_by_role("button", name="Share this").focus()
    keyboard.press("Enter")
    manager.sees("can now read what")
    assert SharingGrant.objects.get().purpose == "Audit"


def test_a_phone_restores_some_of_what_was_stopped_from_the_list(visit: Visit, world: World) -> None:
    world.grant()
    world.grant(brand=world.brand_b)
    stop_all_sharing(by=world.person("manager_a"), factory=world.factory_a)
    manager = visit("manager_a", **PHONE)
    manager.open(reverse("resume", args=[world.factory_a.pk]))
    manager.page.get_by_label("Aster & Oak").check()
    manager.sees("Aster & Oak can read cycles 1 and 2 from today")
    manager.fits()
    manager.look()
    manager.press("Resume sharing")
    manager.sees("Shared again with 1 brand.")
    assert SharingGrant.objects.get(ended_at=None).brand == world.brand_a


def test_a_phone_answers_several_requests_and_undoes_one(visit: Visit, world: World) -> None:
    terms = RequestedTerms(("report",), "Sourcing review")
    for persona, brand in (("brand_a_member", world.brand_a), ("brand_b_member", world.brand_b)):
        request_access(by=world.person(persona), brand=brand, factory=world.factory_a, terms=terms)
    manager = visit("manager_a", **PHONE)
    manager.open(reverse("request_inbox", args=[world.factory_a.pk]))
    for brand in (world.brand_a, world.brand_b):
        manager.page.get_by_label(brand.name).check()
    share = manager.page.get_by_role("button", name="Share as asked")
    expect(share).to_be_in_viewport(ratio=1)
    share.click()
    manager.sees("What each of these 2 brands can read is listed above.")
    manager.fits()
    manager.look()
    expect(manager.page.get_by_role("button", name="Share this")).to_be_in_viewport(ratio=1)
    manager.press("Share this")
    manager.sees("2 requests were approved.")
    manager.fits()
    manager.page.get_by_role("button", name=re.compile("Undo.*Aster & Oak")).click()
    manager.sees("The request is open again.")
    assert SharingGrant.objects.get(ended_at=None).brand == world.brand_b
