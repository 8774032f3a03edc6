"""The sheet of a decision: what it says while it is filled in, and that only what was shown is decided."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from brands.models import Brand
from factories.models import Factory
from factories.services import lock_factory
from portal.core.days import in_words
from portal.core.models import Event
from portal.disclosure import sheets
from sharing.confirming.services import confirm_grant
from sharing.grants.services.revoking import revoke_access, revoke_brand, stop_all_sharing
from sharing.models import AccessRequest, Receipt, SharingGrant
from sharing.requests.services.answering import approve_request, as_asked, decline_request
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from sharing.requests.services.undoing import undo
from tests.publishing import correct
from tests.sharing.deciding import decide, seen_on
from tests.sharing.directions import cycles_read
from tests.sharing.test_query_counts import MOST, WRITES
from tests.sharing.test_revoking import download
from tests.world import World, make_assessment

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


@pytest.fixture
def manager(world: World, client_of: Browser) -> Client:
    return client_of(world.person("manager_a"))


def address_of(world: World) -> str:
    return reverse("grant", args=[world.factory_a.pk])


def order(world: World, **changes: Any) -> dict[str, Any]:
    return {"brands": [world.brand_a.pk], "scopes": ["report"], "cycles": "all", "hold_days": "0", **changes}


def text(page: Any) -> str:
    return " ".join(unescape(page.content.decode()).split())


def asked(world: World, persona: str = "brand_b_member", **terms: Any) -> AccessRequest:
    brand = world.brand_b if persona.startswith("brand_b") else world.brand_a
    requested = RequestedTerms(**{"scopes": ("report",), "purpose": "Sourcing review", **terms})
    return request_access(by=world.person(persona), brand=brand, factory=world.factory_a, terms=requested)


# --- whom to share with -----------------------------------------------------------------------------------


def test_a_tap_on_a_brand_leads_to_its_sheet_and_access_and_requests_are_marked(world: World, manager: Client) -> None:
    world.grant()
    request = asked(world)
    page = text(manager.get(address_of(world)))
    assert f'href="{address_of(world)}?brand={world.brand_a.pk}"' in page
    assert "has access" in page.split("Aster & Oak")[1].split("</li>")[0]
    assert f'href="{reverse("access_request", args=[request.pk])}"' in page
    assert "Bluefinch" not in text(manager.get(address_of(world), {"q": "aster"}))
    assert "No brand matches your search" in text(manager.get(address_of(world), {"q": "nothing-like-it"}))


def test_the_list_says_which_access_has_yet_to_begin(world: World, manager: Client) -> None:
    world.grant(valid_from=timezone.now() + timedelta(days=5))
    need_a_second_person(world)
    waits = world.grant(brand=world.brand_b)
    page = text(manager.get(address_of(world)))
    assert "Starts later" in page.split("Aster & Oak")[1].split("</li>")[0]
    assert "Not confirmed yet" in page.split("Bluefinch")[1].split("</li>")[0]
    assert "has access" not in page
    confirm_grant(by=world.person("representative_a"), grant=waits)
    assert "has access" in text(manager.get(address_of(world))).split("Bluefinch")[1].split("</li>")[0]


def test_several_brands_are_ticked_and_ticks_survive_a_search(world: World, manager: Client) -> None:
    both = [world.brand_a.pk, world.brand_b.pk]
    page = text(manager.get(address_of(world), {"several": "yes", "q": "bluefinch", "brand": [world.brand_a.pk]}))
    assert page.count(" checked>") == 1
    assert "Bluefinch" in page
    sheet = manager.get(address_of(world), {"several": "yes", "brand": both, "go": "yes"})
    assert "Share with 2 brands?" in text(sheet)
    assert "Choose at least one brand." in text(manager.get(address_of(world), {"several": "yes", "go": "yes"}))
    assert "Choose at least one brand." in text(manager.post(address_of(world), {"scopes": ["report"]}))
    strange = manager.post(address_of(world), order(world, brands=[world.brand_a.pk, 999]))
    assert (strange.status_code, "is not on the list" in text(strange)) == (400, True)


def test_a_programme_of_a_thousand_brands_lists_the_first_and_finds_the_others(world: World, manager: Client) -> None:
    Brand.objects.bulk_create(Brand(name=f"Brand {number:04}", country="NO") for number in range(1_000))
    many = Brand.objects.filter(is_active=True).count()
    page = manager.get(address_of(world))
    assert (len(page.context["rows"]), page.context["not_listed"]) == (100, many - 100)
    assert f"{many - 100} more brands are not listed. Search for them by name." in text(page)
    found = manager.get(address_of(world), {"q": "brand 0999"})
    assert [one.brand.name for one in found.context["rows"]] == ["Brand 0999"]
    assert "not listed" not in text(found)
    last = Brand.objects.get(name="Brand 0999").pk
    ticked = manager.get(address_of(world), {"several": "yes", "brand": last}).context["rows"]
    assert (ticked[0].brand.pk, len(ticked)) == (last, 101)


def test_the_sheet_proposes_the_newest_report_and_says_so(world: World, manager: Client) -> None:
    old = world.grant()
    correct(world, world.assessments["a2"])
    revoke_access(by=world.person("manager_a"), grant=old)
    world.grant(scope="step1")
    make_assessment(world, world.factory_a, 7, "factory_review")
    shown = manager.get(address_of(world), {"brand": world.brand_a.pk})
    initial = shown.context["form"].initial
    assert (initial["scopes"], initial["cycles"], initial["cycle_numbers"]) == (["report"], "only", [2])
    page = text(shown)
    assert "Aster & Oak can read cycles 1 and 2 from today until" in page
    for words in ("About this brand", "Access now", "Earlier access", "Copies it keeps"):
        assert words in page
    assert "Cycle 1" not in page.split("If you share this")[1].split("Still visible")[0]
    world.grant()
    assert "scopes" not in manager.get(address_of(world), {"brand": world.brand_a.pk}).context["form"].initial


def test_a_sheet_costs_few_statements_and_writes_nothing(world: World, manager: Client) -> None:
    world.grant()
    correct(world, world.assessments["a2"])
    sheets: list[Callable[[], Any]] = [
        lambda: manager.get(address_of(world)),
        lambda: manager.get(address_of(world), {"brand": world.brand_b.pk}),
        lambda: manager.post(address_of(world), order(world, brands=[world.brand_b.pk])),
        lambda: manager.get(reverse("grant_change", args=[SharingGrant.objects.get().pk])),
    ]
    for number, look in enumerate(sheets):
        with CaptureQueriesContext(connection) as run:
            assert look().status_code == 200
        sqls = [one["sql"] for one in run.captured_queries if "advisory" not in one["sql"]]
        assert len(sqls) <= MOST, (number, "\n".join(sqls))
        assert [sql for sql in sqls if WRITES.search(sql)] == []


# --- the sentence that rewrites itself ----------------------------------------------------------------------


def test_the_script_gets_only_what_follows_the_form(world: World, manager: Client) -> None:
    fragment = manager.post(address_of(world), order(world, cycles="only", cycle_numbers=[1], fragment="yes"))
    page = text(fragment)
    assert "<html" not in page
    assert "Aster & Oak can read cycle 1 from today, with no end date." in page
    assert "Visible at once" in page
    assert f'data-seen="{seen_on(fragment)}"' in page
    wider = text(manager.post(address_of(world), order(world, fragment="yes")))
    assert "This brand can see each new report as soon as it is published." in wider
    assert not SharingGrant.objects.exists()


def test_the_sentence_names_what_opens_later_too(world: World, manager: Client) -> None:
    days = {}
    for cycle, days_ago in ((5, 2), (6, 1), (7, 1)):
        report = make_assessment(world, world.factory_a, cycle, "published", published_days_ago=days_ago)
        days[cycle] = in_words((report.first_published_at or timezone.now()) + timedelta(days=7), world.factory_a)

    def said(**changes: Any) -> str:
        return text(manager.post(address_of(world), order(world, hold_days="7", fragment="yes", **changes)))

    later = f"It can also read cycle 5 from {days[5]}. It can also read cycles 6 and 7 from {days[6]}."
    assert f"Aster & Oak can read cycles 1 and 2 from today, with no end date. {later}" in said()
    only = said(cycles="only", cycle_numbers=[5, 6])
    first = f"Aster & Oak can read cycle 5 from {days[5]}, with no end date."
    assert f"{first} It can also read cycle 6 from {days[6]}." in only
    grant = world.grant(hold_days=7)
    longer = {"cycles": "all", "hold_days": 7, "purpose": "Audit", "fragment": "yes"}  # changes nothing of that
    assert later in text(manager.post(reverse("grant_change", args=[grant.pk]), longer))


def test_nothing_is_said_to_be_readable_before_it_is_confirmed(world: World, manager: Client) -> None:
    both = [world.brand_a.pk, world.brand_b.pk]
    requests = [asked(world, "brand_a_member"), asked(world)]
    need_a_second_person(world)
    sentence = "Once the access is confirmed, Aster & Oak can read cycles 1 and 2 from that day, with no end date."
    together = "The list above shows what each of these 2 brands can read once its access is confirmed."
    answers = {"ids": [str(one.pk) for one in requests], "answer": "approve"}
    pages = [
        text(manager.post(address_of(world), order(world, fragment="yes"))),
        text(manager.post(address_of(world), order(world, brands=both))),
        text(manager.post(reverse("requests_answer", args=[world.factory_a.pk]), answers)),
        text(manager.get(reverse("access_request", args=[requests[0].pk]))),
    ]
    for page in pages:
        assert (sentence in page, "from today" in page) == (True, False)
    assert [together in page for page in pages] == [False, True, True, False]
    nothing = text(manager.post(address_of(world), order(world, cycles="only", cycle_numbers=[3], fragment="yes")))
    assert "Once the access is confirmed, this brand can read new reports, with no end date." in nothing


def test_a_brand_is_notified_only_after_the_confirmation(world: World, manager: Client) -> None:
    done = text(decide(manager, address_of(world), order(world), follow=True))
    assert "The brand is notified after that, or when it first reads data or the receipt." in done
    need_a_second_person(world)
    decide(manager, address_of(world), order(world, brands=[world.brand_b.pk]))
    page = text(manager.get(reverse("factory_brand", args=[world.factory_a.pk, world.brand_b.pk])))
    assert "The brand is notified only after the confirmation." in page
    assert "when it first reads" not in page
    every = text(manager.get(reverse("factory_brands", args=[world.factory_a.pk])))
    assert every.count("The brand is notified only after the confirmation.") == 1
    assert "when it first reads" in every


def test_what_is_missing_is_said_in_words_and_has_no_seal(world: World, manager: Client) -> None:
    fragment = manager.post(address_of(world), order(world, scopes=[], fragment="yes"))
    assert (fragment.status_code, seen_on(fragment)) == (200, "")
    assert "Choose at least one kind of data." in text(fragment)
    world.grant()
    again = manager.post(address_of(world), order(world, fragment="yes"))
    assert "You share exactly this already: nothing would change." in text(again)


def test_asking_what_a_form_would_do_never_decides(world: World, manager: Client) -> None:
    body = order(world)
    seen = seen_on(manager.post(address_of(world), body))
    assert manager.post(address_of(world), body | {"seen": seen, "fragment": "yes"}).status_code == 200
    assert not SharingGrant.objects.exists()


def test_the_sentence_is_announced_politely(world: World, manager: Client) -> None:
    page = text(manager.get(address_of(world), {"brand": world.brand_a.pk}))
    assert '<div data-sheet-part="words" aria-live="polite" hidden>' in page  # shown by the script
    assert "portal/sheet" in page


# --- only what was shown is decided -------------------------------------------------------------------------


def test_what_the_sheet_showed_is_decided_at_once(world: World, manager: Client) -> None:
    sheet = manager.get(address_of(world), {"brand": world.brand_a.pk})
    initial = sheet.context["form"].initial
    body = order(world, cycles="only", cycle_numbers=initial["cycle_numbers"], hold_days=initial["hold_days"])
    body["expires_on"] = initial["expires_on"].isoformat()
    done = manager.post(address_of(world), body | {"seen": seen_on(sheet)}, follow=True)
    assert cycles_read(world, "brand_a_member") == {2}
    receipt = reverse("receipt", args=[Receipt.objects.get().number])
    for words in ("can now read what", "Undo", f'href="{receipt}"'):
        assert words in text(done)


@pytest.mark.parametrize("seen", ["", "x", "x.y", "\u0663.\u0663", "a" * 5000])
def test_a_seal_that_was_not_given_leads_to_the_summary(world: World, manager: Client, seen: str) -> None:
    page = manager.post(address_of(world), order(world, seen=seen))
    assert (page.status_code, "Share with Aster & Oak?" in text(page)) == (200, True)
    assert not SharingGrant.objects.exists()


def test_other_terms_than_those_shown_lead_to_the_summary(world: World, manager: Client) -> None:
    seen = seen_on(manager.post(address_of(world), order(world, cycles="only", cycle_numbers=[1])))
    for other in ({"cycles": "all"}, {"hold_days": "1"}, {"purpose": "Audit"}, {"scopes": ["report", "step1"]}):
        page = manager.post(address_of(world), order(world, cycles="only", cycle_numbers=[1], seen=seen) | other)
        assert (page.status_code, "Something has changed" in text(page)) == (200, False)
    brands = {"brands": [world.brand_a.pk, world.brand_b.pk]}
    page = manager.post(address_of(world), order(world, cycles="only", cycle_numbers=[1], seen=seen) | brands)
    assert "Share with 2 brands?" in text(page)
    assert not SharingGrant.objects.exists()


def publish_another(world: World) -> None:
    make_assessment(world, world.factory_a, 5, "published", published_days_ago=9)


def rename(world: World) -> None:
    Brand.objects.filter(pk=world.brand_a.pk).update(name="Bluefinch Group")


def need_a_second_person(world: World) -> None:
    type(world.factory_a).objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True)


@pytest.mark.parametrize("happens", [publish_another, rename, need_a_second_person])
def test_what_has_changed_since_it_was_shown_is_shown_first(
    world: World, manager: Client, happens: Callable[[World], None]
) -> None:
    seen = seen_on(manager.post(address_of(world), order(world)))
    happens(world)
    page = manager.post(address_of(world), order(world, seen=seen))
    assert (page.status_code, "Something has changed since you opened the page" in text(page)) == (409, True)
    assert not SharingGrant.objects.exists()
    assert manager.post(address_of(world), order(world, seen=seen_on(page))).status_code == 302


@pytest.mark.parametrize("happens", [publish_another, rename])
def test_the_sheets_of_a_change_and_of_less_compare_too(
    world: World, manager: Client, happens: Callable[[World], None]
) -> None:
    grant, request = world.grant(cycles="only", cycle_numbers=[1]), asked(world, "brand_a_member", scopes=("step1",))
    change, less = reverse("grant_change", args=[grant.pk]), reverse("request_approve", args=[request.pk])
    bodies = {
        change: {"cycles": "all", "hold_days": 0},
        less: {"scopes": ["step1"], "cycles": "all", "hold_days": 0},
    }
    for address, body in bodies.items():
        fragment = manager.post(address, body | {"fragment": "yes"})
        assert "can read cycles 1 and 2" in text(fragment)
        bodies[address] = body | {"seen": seen_on(fragment)}
    happens(world)
    for address, body in bodies.items():
        page = manager.post(address, body)
        assert (page.status_code, "Something has changed" in text(page)) == (409, True), address
    assert SharingGrant.objects.get() == grant


def test_a_request_is_approved_as_its_page_showed_it(world: World, manager: Client) -> None:
    request = asked(world)
    address = reverse("request_approve", args=[request.pk])
    seen = seen_on(manager.get(reverse("access_request", args=[request.pk])))
    publish_another(world)
    late = text(manager.post(address, {"as_asked": "yes", "seen": seen}, follow=True))
    assert ("Something has changed" in late, "Cycle 5" in late) == (True, True)
    assert not SharingGrant.objects.exists()
    seen = seen_on(manager.get(reverse("access_request", args=[request.pk])))
    assert "can now read what" in text(manager.post(address, {"as_asked": "yes", "seen": seen}, follow=True))


def stop(world: World) -> None:
    revoke_brand(by=world.person("manager_a"), factory=world.factory_a, brand=world.brand_a, reason="Contract over")


def take_back(world: World) -> None:
    grants = SharingGrant.objects.not_ended().values_list("pk", flat=True)
    undo(by=world.person("manager_a"), factory=world.factory_a, grants=list(grants))


@pytest.mark.parametrize("happens", [stop, take_back])
def test_an_old_page_does_not_share_again_what_was_stopped_or_undone_since(
    world: World, manager: Client, happens: Callable[[World], None]
) -> None:
    body = order(world)
    body["seen"] = seen_on(manager.post(address_of(world), body))
    for _click in range(2):
        assert manager.post(address_of(world), body).status_code == 302
    happens(world)
    page = manager.post(address_of(world), body)
    assert (page.status_code, "Something has changed since you opened the page" in text(page)) == (409, True)
    assert ("Contract over" in text(page)) == (happens is stop)
    assert SharingGrant.objects.get().ended_at is not None
    assert manager.post(address_of(world), body | {"seen": seen_on(page)}).status_code == 302


def test_a_copy_downloaded_since_is_shown_first(world: World, manager: Client) -> None:
    world.grant()
    body = order(world, scopes=["step1"])
    body["seen"] = seen_on(manager.post(address_of(world), body))
    download(world)
    assert manager.post(address_of(world), body).status_code == 409
    assert not SharingGrant.objects.filter(scope="step1").exists()


@pytest.mark.parametrize("answer", [approve_request, decline_request])
def test_an_old_page_does_not_answer_again_a_request_whose_answer_was_undone(
    world: World, manager: Client, answer: Callable[..., AccessRequest]
) -> None:
    request, by = asked(world), world.person("manager_a")
    one, several = reverse("request_approve", args=[request.pk]), reverse("requests_answer", args=[world.factory_a.pk])
    bodies: list[tuple[str, dict[str, Any]]] = [
        (one, {"scopes": ["report"], "cycles": "all", "hold_days": 0}),
        (several, {"ids": [str(request.pk)], "answer": "approve"}),
        (several, {"ids": [str(request.pk)], "answer": "decline"}),
    ]
    sent = [(address, body | {"seen": seen_on(manager.post(address, body))}) for address, body in bodies]
    as_asked_seen = seen_on(manager.get(reverse("access_request", args=[request.pk])))
    terms = {"scopes": request.scopes, "terms": as_asked(request)} if answer is approve_request else {}
    answer(by=by, request=request, **terms)
    undo(by=by, factory=world.factory_a, requests=[request.pk])
    for address, body in sent:
        page = manager.post(address, body)
        assert (page.status_code, "Something has changed" in text(page)) == (409, True), body
    plain = manager.post(one, {"as_asked": "yes", "seen": as_asked_seen}, follow=True)
    assert "Something has changed" in text(plain)
    request.refresh_from_db()
    assert (request.state, SharingGrant.objects.not_ended().exists()) == ("open", False)
    assert manager.post(one, {"as_asked": "yes", "seen": seen_on(plain)}).status_code == 302
    assert cycles_read(world, "brand_b_member") == {1, 2}


def test_a_change_that_is_none_is_said(world: World, manager: Client) -> None:
    address = reverse("grant_change", args=[world.grant().pk])
    assert "Nothing has changed yet." in text(manager.get(address))
    fragment = manager.post(address, {"cycles": "all", "hold_days": 0, "fragment": "yes"})
    assert (seen_on(fragment), "Nothing has changed yet." in text(fragment)) == ("", True)
    renewal = text(manager.get(address, {"renew": "1"}))
    assert "can read cycles 1 and 2 from today until" in renewal


# --- several at once --------------------------------------------------------------------------------------


def test_several_brands_have_undo_and_receipt_each(world: World, manager: Client) -> None:
    both = [world.brand_a.pk, world.brand_b.pk]
    shown = text(manager.post(address_of(world), order(world, brands=both)))
    assert "What each of these 2 brands can read is listed above." in shown
    assert "Bluefinch can read cycles 1 and 2 from today, with no end date." in shown
    done = decide(manager, address_of(world), order(world, brands=both), follow=True)
    assert [one.brand.name for one in done.context["decided"]] == ["Aster & Oak", "Bluefinch"]
    assert text(done).count('action="' + reverse("undo_decision", args=[world.factory_a.pk])) == 2
    for one in done.context["decided"]:
        [(number, what)] = one.receipts
        assert (reverse("receipt", args=[number]) in text(done), what) == (True, "Assessment reports")
    [first, _second] = done.context["decided"]
    manager.post(reverse("undo_decision", args=[world.factory_a.pk]), dict(first.undo))
    assert cycles_read(world, "brand_a_member") == set()
    assert cycles_read(world, "brand_b_member") == {1, 2}


def test_the_receipts_of_two_kinds_of_data_are_named(world: World, manager: Client) -> None:
    done = decide(manager, address_of(world), order(world, scopes=["report", "step1"]), follow=True)
    [decided] = done.context["decided"]
    assert len(decided.receipts) == 2
    for number, what in decided.receipts:
        link = text(done).split(f'href="{reverse("receipt", args=[number])}"')[1].split("</a>")[0]
        assert link.startswith(f"> Receipt: {what}<span")
    assert {what for _number, what in decided.receipts} == {"Assessment reports", "Step 1 data"}


def test_several_requests_are_a_sheet_with_history_and_three_equal_buttons(world: World, manager: Client) -> None:
    first, second = asked(world, "brand_a_member"), asked(world)
    revoke_access(by=world.person("manager_a"), grant=world.grant(scope="step1"))
    Brand.objects.filter(pk=world.brand_b.pk).update(is_active=False)
    address = reverse("requests_answer", args=[world.factory_a.pk])
    body = {"ids": [str(first.pk), str(second.pk)], "answer": "approve"}
    page = manager.post(address, body)
    one, other = text(page).split('aria-labelledby="brand-')[1:]
    for words in ("can read cycles 1 and 2", "Earlier access", "Not checked by the programme yet"):
        assert words in one
    assert "not active" in other.split("</section>")[0]
    buttons = text(page).split('class="panel decision"')[1].split("</section>")[0]
    assert [
        buttons.count(f'btn-secondary" form="sheet" name="answer" value="{answer}"')
        for answer in ("approve", "decline", "later")
    ] == [1, 1, 1]
    assert "btn-primary" not in text(page).split("<main")[1]
    declining = manager.post(address, body | {"answer": "decline", "seen": seen_on(page)})
    assert "Decline these 2 requests" in text(declining)  # another answer than the sheet's is shown first
    done = manager.post(address, body | {"seen": seen_on(page)}, follow=True)
    assert "1 request was approved." in text(done)
    assert [one.brand for one in done.context["decided"]] == [world.brand_a]
    assert Event.objects.filter(kind="request.approved").count() == 1


def test_a_second_click_on_several_requests_changes_nothing(world: World, manager: Client) -> None:
    ids = [str(asked(world, "brand_a_member").pk), str(asked(world).pk)]
    address, body = reverse("requests_answer", args=[world.factory_a.pk]), {"ids": ids, "answer": "approve"}
    body |= {"seen": seen_on(manager.post(address, body))}
    for _click in range(2):
        assert manager.post(address, body).status_code == 302
    assert Event.objects.filter(kind="grant.created").count() == 2


def test_what_changes_before_several_are_answered_is_shown_first(
    world: World, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another manager decides between the reading of the ticked requests and the factory's lock."""
    body = {"ids": [str(asked(world, "brand_a_member").pk), str(asked(world).pk)], "answer": "approve"}
    address = reverse("requests_answer", args=[world.factory_a.pk])
    body |= {"seen": seen_on(manager.post(address, body))}

    def locked_late(key: int) -> Factory:
        world.grant(cycles="only", cycle_numbers=[1])
        return lock_factory(key)

    monkeypatch.setattr(sheets, "lock_factory", locked_late)
    page = manager.post(address, body)
    assert (page.status_code, "Something has changed" in text(page)) == (409, True)
    assert "in place of what you share now: Cycle 1 only" in text(page)
    assert SharingGrant.objects.count() == 1


def test_an_old_page_does_not_resume_again_what_was_resumed_and_undone(world: World, manager: Client) -> None:
    world.grant()
    stop(world)
    address, stopped = reverse("resume", args=[world.factory_a.pk]), SharingGrant.objects.get()
    body = {"brand": [world.brand_a.pk], "grants": [str(stopped.pk)]}
    body |= {"seen": seen_on(manager.get(address, {"brand": world.brand_a.pk}))}
    for _click in range(2):
        assert manager.post(address, body).status_code == 302
    take_back(world)
    page = manager.post(address, body)
    assert (page.status_code, "Something has changed" in text(page)) == (409, True)
    assert not SharingGrant.objects.not_ended().exists()


def test_what_was_stopped_is_resumed_from_the_list_as_it_was_shown(world: World, manager: Client) -> None:
    world.grant()
    world.grant(brand=world.brand_b, cycles="only", cycle_numbers=[1])
    world.grant(scope="step1")
    stop_all_sharing(by=world.person("manager_a"), factory=world.factory_a)
    address, ticks = reverse("resume", args=[world.factory_a.pk]), {"brand": [world.brand_b.pk]}
    nothing = manager.post(address, {"fragment": "yes"})
    assert (nothing.status_code, 'data-seen=""' in text(nothing)) == (200, True)
    fragment = manager.post(address, ticks | {"fragment": "yes"})
    assert "Bluefinch can read cycle 1 from today, with no end date." in text(fragment)
    assert 'type="hidden" form="sheet" name="grants"' in text(fragment)
    grants = {"grants": [str(key) for key in fragment.context["ticked"]]}
    listed = manager.post(address, {})
    assert (listed.status_code, "Choose at least one brand." in text(listed)) == (400, True)
    assert "Resume sharing with Bluefinch?" in text(manager.post(address, ticks))
    both = text(manager.post(address, {"brand": [world.brand_a.pk, world.brand_b.pk], "fragment": "yes"}))
    assert "What each of these 2 brands can read is listed above." in both
    assert "Resume only some of this" in both
    assert not SharingGrant.objects.filter(ended_at=None).exists()
    done = manager.post(address, ticks | grants | {"seen": seen_on(fragment)}, follow=True)
    assert "Shared again with 1 brand." in text(done)
    assert cycles_read(world, "brand_b_member") == {1}
