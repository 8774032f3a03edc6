"""Pages opened before somebody decided otherwise: what is in the place of that now, and what was typed and is lost."""

import html
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.urls import reverse

from portal.core.days import end_of, today, written
from portal.disclosure.drafts import Draft, opened
from sharing.codes.queries import short_code
from sharing.copies.services import answer_destroy_notice
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access, revoke_brand
from sharing.models import AccessRequest, DestroyNotice, SharingGrant, WithheldReport
from sharing.requests.services.answering import approve_request, decline_request
from tests.sharing.deciding import decide
from tests.sharing.previews import links_in
from tests.sharing.test_request_pages import ask, page
from tests.sharing.test_revoking import download
from tests.world import World

pytestmark = pytest.mark.django_db


def sent(client: Any, name: str, *args: Any, **body: Any) -> str:
    """The page that a form leads to, with what it says."""
    return html.unescape(client.post(reverse(name, args=args), body, follow=True).content.decode())


# --- access that was changed --------------------------------------------------------------------------------


def test_r7_an_old_link_and_a_printed_code_stop_what_is_in_the_place_of_the_access(
    world: World, client_of: Any
) -> None:
    manager, old = world.person("manager_a"), world.grant()
    between = change_grant(by=manager, grant=old, terms=Terms(cycles="from", cycle_numbers=[2]))
    now = change_grant(by=manager, grant=between, terms=Terms(cycles="only", cycle_numbers=[2], hold_days=3))
    browser = client_of(manager)
    for found in (page(browser, "grant_revoke", old.pk), page(browser, "short_code", short_code(old.pk))):
        assert "already ended" not in found
        assert "Manager A changed this access on" in found
        assert "Cycle 2 only" in found
        assert f'action="{reverse("grant_revoke", args=[now.pk])}"' in found
    assert (
        "Stop sharing now"
        in browser.post(reverse("grant_revoke", args=[old.pk]), {"reason": "x" * 999}).content.decode()
    )

    assert "no longer shares this" in sent(browser, "grant_revoke", now.pk)
    for grant in (old, between, now):
        assert "This access has already ended" in page(browser, "grant_revoke", grant.pk)


def test_an_old_page_leads_to_a_change_that_waits_and_never_to_what_was_shared_anew(
    world: World, client_of: Any
) -> None:
    manager, old = world.person("manager_a"), world.grant()
    revoke_access(by=manager, grant=old)
    world.grant()
    assert "This access has already ended" in page(client_of(manager), "grant_revoke", old.pk)


def test_a_change_in_an_old_page_is_kept_beside_the_current_terms_and_not_made(world: World, client_of: Any) -> None:
    manager, old = world.person("manager_a"), world.grant()
    last = today(world.factory_a) + timedelta(days=100)
    now = change_grant(by=manager, grant=old, terms=Terms(expires_at=end_of(last, world.factory_a)))
    browser, typed = client_of(manager), {"cycles": "from", "cycle_numbers": [2], "purpose": "Typed in the old tab"}
    for body in (typed, typed | {"seen": "from.before"}):
        answer = browser.post(reverse("grant_change", args=[old.pk]), body)
        shown = answer.content.decode()
        assert answer.status_code == 409
        assert "has since ended" not in shown
        for words in ("Manager A changed this access on", "Your change was not saved", "Typed in the old tab"):
            assert words in shown
        assert written(last) in shown.split("Current terms")[1].split("</dl>")[0]
        assert f'action="{reverse("grant_change", args=[now.pk])}"' in shown
    assert "Current terms" in page(browser, "grant_change", old.pk)
    assert SharingGrant.objects.get(ended_at=None) == now
    twice = {"cycles": "from", "cycle_numbers": [2]}
    decide(browser, reverse("grant_change", args=[now.pk]), twice)
    assert "already apply; nothing was changed" in sent(browser, "grant_change", now.pk, **twice)


# --- done already -------------------------------------------------------------------------------------------


def test_a_second_stop_says_that_its_reason_was_not_saved(world: World, client_of: Any) -> None:
    grant, first, second = world.grant(), client_of(world.person("manager_a")), client_of(world.person("manager_a"))
    for _click in range(2):
        assert "no longer shares this" in sent(first, "grant_revoke", grant.pk, reason="Season over")
    late = sent(second, "grant_revoke", grant.pk, reason="They pay late", is_reason_shown="on")
    assert "Manager A had already done this on" in late
    assert "Your text was not saved: “They pay late” “Show this reason to the brand”" in late
    assert "no longer shares this" not in late
    shown = sent(second, "grant_revoke", grant.pk, reason="Season over", is_reason_shown="on")
    assert "Your text was not saved: “Show this reason to the brand”" in shown
    grant.refresh_from_db()
    assert (grant.end_reason, grant.is_end_reason_shown) == ("Season over", False)
    every = sent(second, "stop_brand", world.factory_a.pk, world.brand_a.pk, reason="They pay late")
    assert "nothing left to stop. Your text was not saved: “They pay late”" in every


def test_a_second_hold_says_that_its_reason_was_not_saved(world: World, client_of: Any) -> None:
    world.grant()
    manager, hold = client_of(world.person("manager_a")), {"brand": world.brand_a.pk, "cycle": 2}
    for _click in range(2):
        first = sent(manager, "report_withhold", world.factory_a.pk, **hold, reason="Price talks")
        assert "holds the report of cycle 2" in first
    late = sent(manager, "report_withhold", world.factory_a.pk, **hold, reason="Wrong figures")
    assert "Manager A had already done this on" in late
    assert "Your text was not saved: “Wrong figures”" in late
    assert WithheldReport.objects.get().reason == "Price talks"


def test_a_second_refusal_says_that_its_reason_was_not_saved(world: World, client_of: Any) -> None:
    type(world.factory_a).objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)
    grant, browser = world.grant(), client_of(world.person("representative_a"))
    for _click in range(2):
        assert "Refused: " in sent(browser, "grant_confirmation", grant.pk, answer="refuse", reason="Not agreed")
    late = sent(browser, "grant_confirmation", grant.pk, answer="refuse", reason="Ask the committee first")
    assert "had already done this on" in late
    assert "Your text was not saved: “Ask the committee first”" in late
    assert "Refused: " not in late


# --- copies -------------------------------------------------------------------------------------------------


def test_r7_a_late_answer_about_copies_is_shown_again_with_why_it_was_not_saved(world: World, client_of: Any) -> None:
    world.grant()
    first, second = download(world), download(world, name="a1")
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    notice = DestroyNotice.objects.get()
    type(world.cambodia).objects.filter(pk=world.cambodia.pk).update(contact_email="office@kh.example")
    member, address = client_of(world.person("brand_a_member")), reverse("copies_answer", args=[notice.pk])
    keep = {"outcome": "kept", "kept": [first], "kept_because": "Tax law until 2030", "remark": "See the letter"}

    answer_destroy_notice(by=world.person("brand_a_manager"), notice=notice, kept={second: "Audit"})
    part = member.post(address, keep)
    assert part.status_code == 400
    assert "was already reported destroyed" in part.content.decode()
    assert "Tax law until 2030" in part.content.decode()

    again = {"outcome": "kept", "kept": [second], "kept_because": "Audit", "remark": "Another remark"}
    said = sent(member, "copies_answer", notice.pk, **again)
    assert "can see it" in said
    notice.refresh_from_db()
    assert notice.remark == "Another remark"

    answer_destroy_notice(by=world.person("brand_a_manager"), notice=notice, remark="All gone")
    late = member.post(address, keep)
    assert late.status_code == 409
    for words in ("Your answer was not saved", "Brand A Manager answered on", "Tax law until 2030", "See the letter"):
        assert words in late.content.decode()
    assert f"Copies that we must keep: {first}" in late.content.decode()
    assert "mailto:office@kh.example" in late.content.decode()
    same = sent(member, "copies_answer", notice.pk, outcome="destroyed", remark="All gone")
    assert "can see it" in same


def test_r7_the_brand_sees_what_each_copy_to_destroy_is_and_who_of_its_own_downloaded_it(
    world: World, client_of: Any
) -> None:
    world.grant()
    download(world)
    download(world, persona="manager_a")
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a)
    shown = page(client_of(world.person("brand_a_manager")), "copies_answer", DestroyNotice.objects.get().pk)
    assert "CSV long table" in shown
    assert "Downloaded" in shown
    assert shown.count('data-label="Person">Brand A Member') == 1
    assert "Manager A" not in shown


# --- requests -----------------------------------------------------------------------------------------------


def test_an_answer_to_several_requests_names_those_answered_since_and_keeps_the_reason(
    world: World, client_of: Any
) -> None:
    first, second = ask(world), ask(world, world.brand_b)
    manager = client_of(world.person("manager_a"))
    body = {"ids": [str(first.pk), str(second.pk)], "answer": "decline"}
    confirm = manager.post(reverse("requests_answer", args=[world.factory_a.pk]), body).content.decode()
    seen = confirm.split('name="seen" value="')[1].split('"')[0]
    body |= {"seen": seen, "reason": "Typed in the old tab"}

    decline_request(by=world.person("manager_a"), request=second)
    late = sent(manager, "requests_answer", world.factory_a.pk, **body)
    assert "Bluefinch: Manager A declined this request on" in late
    assert ">\nTyped in the old tab</textarea>" in late

    decline_request(by=world.person("manager_a"), request=first)
    late = sent(manager, "requests_answer", world.factory_a.pk, **body)
    assert "Aster & Oak: Manager A declined this request on" in late
    assert "Your text was not saved: “Typed in the old tab”" in late
    assert "Tick the open requests" not in late


def test_an_answer_that_had_no_effect_says_so_and_a_second_click_does_not(world: World, client_of: Any) -> None:
    request, manager = ask(world), world.person("manager_a")
    less = {"cycles": "only", "cycle_numbers": [2], "hold_days": 7}
    approve_request(by=manager, request=request, scopes=["report"], terms=Terms(**less, purpose=request.purpose))
    browser = client_of(manager)
    no_effect = "Manager A approved this request on"
    late = sent(browser, "request_approve", request.pk, as_asked="yes")
    assert (no_effect in late, "Your answer changed nothing." in late) == (True, True)
    again = sent(browser, "request_approve", request.pk, scopes=["report"], **less, seen="from.before")
    assert (no_effect in again, "Your answer changed nothing." in again) == (True, False)
    refused = sent(browser, "request_decline", request.pk, reason="They pay late")
    assert "Your answer changed nothing. Your text was not saved: “They pay late”" in refused
    assert AccessRequest.objects.get().state == "approved"


def test_several_yeses_say_for_each_brand_what_opens_when(world: World, client_of: Any) -> None:
    first, second = ask(world), ask(world, world.brand_b, cycles="only", cycle_numbers=[9])
    body = {"ids": [str(first.pk), str(second.pk)], "answer": "approve"}
    shown = sent(client_of(world.person("manager_a")), "requests_answer", world.factory_a.pk, **body)
    one, two = (part.split("</section>")[0] for part in shown.split('aria-labelledby="brand-')[1:])
    assert ("Visible at once" in one, "Cycle 2" in one) == (True, True)
    assert ("Visible at once" in two, "this brand can see the report of cycle 9" in two) == (False, True)
    assert "after it was published" not in shown
    for part, request in ((one, first), (two, second)):
        [link] = links_in(part)
        address, _query, token = link.partition("?draft=")
        assert address == reverse("as_brand_after", args=[world.factory_a.pk, request.brand_id])
        signed = opened(unquote(token))
        assert signed is not None
        assert signed.draft == Draft.approve(request)
