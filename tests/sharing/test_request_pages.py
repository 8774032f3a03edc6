"""The pages of asking and answering, used as their users do, and then attacked."""

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from brands.models import Brand, Supplier
from factories.models import Factory
from portal.core.days import in_words, last_day_in_words
from portal.core.models import Event
from sharing.codes.queries import short_code
from sharing.grants.services.revoking import revoke_access
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.forms import DeclineForm
from sharing.requests.services.answering import decline_request
from sharing.requests.services.asking import request_access
from sharing.requests.services.standing import RequestedTerms
from tests.sharing.deciding import seen_on
from tests.sharing.previews import preview_links
from tests.world import World

pytestmark = pytest.mark.django_db
LISTS = sorted((Path(__file__).parent.parent / "brands" / "data").glob("facility-list-*.csv"))


def ask(world: World, brand: Brand | None = None, **changes: Any) -> AccessRequest:
    brand = brand or world.brand_a
    by = world.person("brand_a_member" if brand == world.brand_a else "brand_b_member")
    terms = RequestedTerms(**{"scopes": ("report", "step1"), "purpose": "Sourcing review", **changes})
    return request_access(by=by, brand=brand, factory=world.factory_a, terms=terms)


def page(client: Any, name: str, *args: Any, **query: Any) -> str:
    return str(client.get(reverse(name, args=args), query, follow=True).content.decode())


def test_what_is_no_key_of_a_factory_is_ignored(world: World, client_of: Any) -> None:
    """Also a number with more digits than Python reads."""
    client = client_of(world.person("brand_a_member"))
    for wrong in ("9" * 5000, "٣", "²", "-1", "x"):
        shown = page(client, "ask", world.brand_a.pk, factory=[wrong, str(world.factory_a.pk)])
        assert world.factory_a.name in shown


def test_a_brand_finds_a_factory_asks_it_and_takes_it_back(world: World, client_of: Any) -> None:
    client, brand = client_of(world.person("brand_a_member")), world.brand_a.pk
    Factory.objects.filter(pk=world.factory_b.pk).update(contact_email="private@mekong.example", workers_women=4321)
    for words in ("lotus", "ទន្លេ", "kh-0001"):
        found = page(client, "ask_search", brand, q=words)
        assert "Tonle Lotus Garments" in found
        assert "Mekong" not in found
    everything = page(client, "ask_search", brand)
    assert "private@" not in everything + page(client, "ask", brand, factory=world.factory_b.pk)
    assert re.search(r"(?<!\d)4[,. ]?321(?!\d)", everything) is None  # ids are long drawn numbers
    body = {"factory": world.factory_a.pk, "scopes": ["report"], "cycles": "all", "purpose": "Review", "message": "Hi"}
    for wrong in ({"purpose": " "}, {"scopes": []}, {"message": "x" * 10_000}, {"purpose": "a\0b"}, {"cycles": "only"}):
        assert client.post(reverse("ask", args=[brand]), body | wrong).status_code == 400
    assert not AccessRequest.objects.exists()
    sent = client.post(reverse("ask", args=[brand]), body, follow=True).content.decode()
    assert "You asked one factory." in sent
    assert "was not asked" in client.post(reverse("ask", args=[brand]), body, follow=True).content.decode()
    request = AccessRequest.objects.get()
    assert "You asked on" in page(client, "ask_search", brand, q="lotus")
    again = page(client, "ask", brand, factory=world.factory_a.pk)
    assert ("You asked on" in again, "Send the request" in again) == (True, False)
    assert "Cancel the request" in page(client, "access_request", request.pk)
    client.post(reverse("request_withdraw", args=[request.pk]))
    assert "Cancelled" in page(client, "brand_requests", brand, state="withdrawn")
    assert "can ask again from" in page(client, "ask_search", brand, q="lotus")


def test_another_language_leads_from_errors_back_to_the_form_for_these_factories(world: World, client_of: Any) -> None:
    client, brand = client_of(world.person("brand_a_member")), world.brand_a.pk
    both = [world.factory_a.pk, world.factory_b.pk]
    [place] = re.findall(r'<form method="post" action="(/brands/[^"]+)"', page(client, "ask", brand, factory=both))
    sent = client.post(html.unescape(place), {"factory": both, "scopes": ["report"], "cycles": "all", "purpose": ""})
    assert sent.status_code == 400
    back = re.findall(r'name="next" value="([^"]+)"', sent.content.decode())
    assert "Send the request" in client.get(html.unescape(back[0])).content.decode()


def test_a_manager_approves_with_one_click_and_a_second_click_changes_nothing(world: World, client_of: Any) -> None:
    request = ask(world, message="<script>alert(1)</script>")
    client, url = client_of(world.person("manager_a")), reverse("request_approve", args=[request.pk])
    shown = page(client, "access_request", request.pk)
    assert "<script>alert" not in shown
    for words in (
        "All members of",
        "Aster &amp; Oak",
        "Tonle Lotus Garments",
        "7 days after publication",
        "Visible at once",
        "Cycle 2",
    ):
        assert words in shown
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    first = client.post(url, {"as_asked": "yes", "seen": seen}, follow=True).content.decode()
    assert "Aster &amp; Oak can now read what" in first
    second = client.post(url, {"as_asked": "yes", "seen": seen}, follow=True).content.decode()
    assert "Manager A approved this request" in second
    assert SharingGrant.objects.count() == 2
    assert "Manager A" not in page(client_of(world.person("brand_a_member")), "access_request", request.pk)


def test_access_without_an_end_is_named_alike_everywhere(world: World, client_of: Any) -> None:
    grant = world.grant(world.brand_b, hold_days=0)
    manager, factory = client_of(world.person("manager_a")), world.factory_a.pk
    offered = page(client_of(world.person("brand_a_member")), "ask", world.brand_a.pk, factory=factory)
    asked = page(manager, "access_request", ask(world).pk)
    found = page(manager, "who_could_see", factory, cycle=2, scope="report")
    receipt = page(manager, "receipt", grant.receipts.get().number)
    assert asked.count("No end date") == 2  # what is asked, and what a yes does
    assert ("No end date" in found, "No end date" in receipt) == (True, True)
    assert "Leave empty for no end date." in offered
    assert "The factory stops it" not in asked + found + receipt


def test_a_manager_approves_less_never_more_and_not_a_changed_name(world: World, client_of: Any) -> None:
    request = ask(world, cycles="from", cycle_numbers=[2])
    client, url = client_of(world.person("manager_a")), reverse("request_approve", args=[request.pk])
    less = {"scopes": ["report"], "cycles": "only", "cycle_numbers": [2], "hold_days": 10}
    confirm = client.post(url, less).content.decode()
    assert "Cycle 2 only" in confirm
    assert "Days each new report is held</dt><dd>10</dd>" in confirm
    refused = client.post(url, less | {"cycles": "all"})  # before anything is confirmed, too
    assert refused.status_code == 400
    assert "did not ask for all of these cycles" in refused.content.decode()
    seen = confirm.split('name="seen" value="')[1].split('"')[0]
    more = client.post(url, less | {"cycles": "all", "seen": seen})
    assert more.status_code == 400
    assert "did not ask for all of these cycles" in more.content.decode()
    assert client.post(url, less | {"scopes": ["improvement_plan"]}).status_code == 400
    Brand.objects.filter(pk=world.brand_a.pk).update(name="Bluefinch Group")
    changed = client.post(url, less | {"seen": seen}, follow=True).content.decode()
    assert "has changed since" in changed
    assert "Former names" in changed
    assert not SharingGrant.objects.exists()
    Brand.objects.filter(pk=world.brand_a.pk).update(name="Aster & Oak")
    client.post(url, less | {"seen": seen})
    grant = SharingGrant.objects.get()
    assert (grant.scope, grant.cycles, grant.cycle_numbers, grant.hold_days) == ("report", "only", [2], 10)


def test_a_brand_types_the_cycles_that_it_asks_for_and_the_factory_ticks_fewer(world: World, client_of: Any) -> None:
    brand, address = client_of(world.person("brand_a_member")), reverse("ask", args=[world.brand_a.pk])
    body = {"factory": world.factory_a.pk, "scopes": ["report"], "cycles": "only", "purpose": "Review"}
    for typed, message in (
        ("", "Enter at least one cycle number."),
        ("2, two", "Enter cycle numbers from 1 to 200, such as 4, 2."),
        ("2 201", "Enter cycle numbers from 1 to 200, such as 4, 2."),
        (" ".join(map(str, range(1, 32))), "Enter up to 30 cycle numbers."),
    ):
        refused = brand.post(address, body | {"cycle_numbers": typed})
        assert (refused.status_code, message in refused.content.decode()) == (400, True), typed
        assert f'value="{typed}"' in refused.content.decode() or not typed
    refused = brand.post(address, body | {"cycles": "from", "cycle_numbers": "2 1"})
    assert "Enter one cycle number: the first cycle." in refused.content.decode()
    brand.post(address, body | {"cycle_numbers": " 2;1،2 "})
    request = AccessRequest.objects.get()
    assert (request.cycles, request.cycle_numbers) == ("only", [1, 2])

    manager, url = client_of(world.person("manager_a")), reverse("request_approve", args=[request.pk])
    assert "Cycles 1 and 2 only" in page(manager, "access_request", request.pk)
    form = manager.get(url).context["form"]
    ticked = [box.data["value"] for box in form["cycle_numbers"].subwidgets if box.data["selected"]]
    assert ticked == [2, 1]
    less = {"scopes": ["report"], "cycles": "only", "hold_days": 0}
    refused = manager.post(url, less | {"cycle_numbers": [3, 1]}).content.decode()
    assert "The brand did not ask for all of these cycles. It asked for: Cycles 1 and 2 only." in refused
    assert (
        len(re.findall(r"<input[^>]* checked\b", refused)) == 3
    )  # what was filled in is still there: report, choice, and the box that is offered
    assert "Cycle 1 only" in manager.post(url, less | {"cycle_numbers": [1]}).content.decode()


def test_the_sheet_of_a_smaller_yes_offers_only_what_was_asked(world: World, client_of: Any) -> None:
    until = timezone.now() + timedelta(days=40)
    manager = client_of(world.person("manager_a"))
    offered = {}
    for brand, cycles, numbers in ((world.brand_a, "only", [2]), (world.brand_b, "from", [2])):
        request = ask(world, brand, cycles=cycles, cycle_numbers=numbers, expires_at=until)
        url = reverse("request_approve", args=[request.pk])
        fields = manager.get(url).context["form"].fields
        offered[cycles] = [[key for key, _words in fields[name].choices] for name in ("cycles", "cycle_numbers")]
    assert offered["only"] == [["only"], [2]]
    assert offered["from"][0] == ["only", "from"]
    assert min(offered["from"][1]) == 2
    sheet = manager.get(url).content.decode()
    assert f"At the latest {last_day_in_words(until, world.factory_a)}." in sheet
    assert "Leave empty for no end date." not in sheet
    refused = manager.post(url, {"scopes": ["report"], "cycles": "from", "cycle_numbers": [2], "hold_days": 0})
    assert (refused.status_code, set(refused.context["form"].errors)) == (400, {"expires_on"})


def test_a_request_names_all_access_that_there_was_before(world: World, client_of: Any) -> None:
    for scope in ("report", "step1"):
        revoke_access(by=world.person("manager_a"), grant=world.grant(scope=scope))
    request, manager = ask(world), client_of(world.person("manager_a"))
    for name in ("access_request", "request_approve"):
        before = page(manager, name, request.pk).split("Earlier access")[1].split("Copies it keeps")[0]
        assert ("Assessment reports" in before, "Step 1 data" in before) == (True, True), name


def test_a_postponed_request_says_until_when_and_is_brought_back(world: World, client_of: Any) -> None:
    request, manager = ask(world), client_of(world.person("manager_a"))
    later = reverse("request_later", args=[request.pk])
    manager.post(later, {"days": 3})
    day = in_words(timezone.now() + timedelta(days=3), world.factory_a)
    for name, key in (("access_request", request.pk), ("request_inbox", world.factory_a.pk)):
        assert "Bring back now" in page(manager, name, key)
    assert f"Postponed until {day}" in re.sub(r"<[^>]+>", "", page(manager, "access_request", request.pk))
    assert "Postponed" not in page(client_of(world.person("brand_a_member")), "access_request", request.pk)
    for _click in range(2):
        assert "is back in your inbox" in manager.post(later, {"back": "1"}, follow=True).content.decode()
    request.refresh_from_db()
    assert request.snoozed_until is None
    assert [one.data["days"] for one in Event.objects.filter(kind="request.postponed").order_by("pk")] == [3, 0]
    assert "Bring back now" not in page(manager, "access_request", request.pk)


def test_a_request_is_postponed_only_to_a_day_before_it_expires(world: World, client_of: Any) -> None:
    soon = ask(world)
    with time_machine.travel(soon.lapses_at - timedelta(days=6)):
        manager = client_of(world.person("manager_a"))
        form = manager.get(reverse("access_request", args=[soon.pk])).context["later"]
        assert [days for days, _words in form.fields["days"].choices] == [3]
        manager.post(reverse("request_later", args=[soon.pk]), {"days": 7})
        soon.refresh_from_db()
        assert soon.snoozed_until is None
    with time_machine.travel(soon.lapses_at - timedelta(days=2)):
        manager = client_of(world.person("manager_a"))
        assert 'href="#later"' not in page(manager, "access_request", soon.pk)
        body = {"ids": [str(soon.pk)], "answer": "later"}
        refused = manager.post(reverse("requests_answer", args=[world.factory_a.pk]), body).content.decode()
        assert "expire too soon to be postponed" in refused
        assert f'type="hidden" name="ids" value="{soon.pk}"' in refused
        assert ('value="decline"' in refused, 'value="later"' in refused) == (True, False)


def test_of_several_requests_those_that_may_wait_are_postponed_and_the_others_named(
    world: World, client_of: Any
) -> None:
    soon = ask(world)
    with time_machine.travel(soon.lapses_at - timedelta(days=2)):
        late, manager = ask(world, world.brand_b), client_of(world.person("manager_a"))
        address = reverse("requests_answer", args=[world.factory_a.pk])
        body = {"ids": [str(soon.pk), str(late.pk)], "answer": "later"}

        sheet = manager.post(address, body)
        assert (sheet.context["answered"], sheet.context["too_soon"]) == ([late], [soon])
        shown = sheet.content.decode()
        assert "Decide later on this request to" in shown
        assert f'href="{reverse("access_request", args=[soon.pk])}"' in shown.split("Decide on each of them now:")[1]
        assert shown.count('type="hidden" name="ids"') == 2

        done = manager.post(address, body | {"days": 7, "seen": seen_on(sheet)}, follow=True).content.decode()
        assert "1 request was postponed." in done
        assert "too soon to be postponed. Decide on them now: Aster &amp; Oak" in done
    assert list(AccessRequest.objects.filter(snoozed_until=None)) == [soon]


def test_one_request_alone_has_no_box_to_tick(world: World, client_of: Any) -> None:
    manager = client_of(world.person("manager_a"))
    ask(world)
    assert 'name="ids"' not in page(manager, "request_inbox", world.factory_a.pk)
    ask(world, world.brand_b)
    assert page(manager, "request_inbox", world.factory_a.pk).count('name="ids"') == 2


def test_a_reason_that_is_too_long_is_said_and_never_cut(world: World, client_of: Any) -> None:
    request, manager = ask(world), client_of(world.person("manager_a"))
    address = reverse("request_decline", args=[request.pk])
    shown = manager.get(address).content.decode()
    assert "Up to 300 characters." in shown
    field = shown.split('name="reason"')[0].rsplit("<", 1)[1] + shown.split('name="reason"')[1].split(">")[0]
    assert field.startswith("textarea")
    assert "maxlength" not in field
    assert manager.post(address, {"reason": "x" * 301}).status_code == 400
    lines = DeclineForm({"reason": f"{'x' * 149}\r\n{'y' * 150}"})
    assert (lines.is_valid(), len(lines.cleaned_data["reason"])) == (True, 300)
    manager.post(address, {"reason": "First line\r\nsecond line"})
    request.refresh_from_db()
    assert request.decline_reason == "First line second line"


def test_a_yes_can_be_previewed_before_it_is_said(world: World, client_of: Any) -> None:
    request = ask(world, cycles="from", cycle_numbers=[1])
    client, approve = client_of(world.person("manager_a")), reverse("request_approve", args=[request.pk])
    [as_asked] = preview_links(client.get(reverse("access_request", args=[request.pk])))
    less = {"scopes": ["report"], "cycles": "only", "cycle_numbers": [2], "hold_days": 10}
    [with_less] = preview_links(client.post(approve, less))

    for link, cycles in ((as_asked, {1, 2}), (with_less, {2})):
        shown = client.get(link)
        assert {row["assessment"].cycle for row in shown.context["rows"]} == cycles
        assert "would see after your decision" in shown.content.decode()
    assert client.get(as_asked).context["seen_as"].decision_url == reverse("access_request", args=[request.pk])
    back = client.get(client.get(with_less).context["seen_as"].decision_url)
    assert back.request["PATH_INFO"] == approve
    assert {name: back.context["form"][name].value() for name in less} == less
    request.refresh_from_db()
    assert (request.state, SharingGrant.objects.count()) == ("open", 0)


def test_a_preview_of_a_request_that_was_answered_since_says_by_whom(world: World, client_of: Any) -> None:
    request, manager = ask(world), world.person("manager_a")
    client = client_of(manager)
    [link] = preview_links(client.get(reverse("access_request", args=[request.pk])))
    decline_request(by=manager, request=request)
    late = client.get(link)
    assert (late.status_code, "Manager A declined this request on" in late.content.decode()) == (409, True)


def test_many_at_once_and_only_of_the_own_factory(world: World, client_of: Any) -> None:
    first, second = ask(world), ask(world, world.brand_b)
    foreign = request_access(
        by=world.person("brand_a_member"),
        brand=world.brand_a,
        factory=world.factory_b,
        terms=RequestedTerms(("report",), "Review"),
    )
    client = client_of(world.person("manager_a"))
    url = reverse("requests_answer", args=[world.factory_a.pk])
    body = {"ids": [str(first.pk), str(second.pk), str(foreign.pk), "x", "\0"], "answer": "approve"}
    confirm = client.post(url, body).content.decode()
    assert "Share data of Tonle Lotus Garments with these 2 brands?" in confirm
    seen = confirm.split('name="seen" value="')[1].split('"')[0]
    decline_request(by=world.person("manager_a"), request=second)
    late = client.post(url, body | {"seen": seen})
    assert "Something has changed" in client.get("/").content.decode() + late.content.decode()
    seen = late.content.decode().split('name="seen" value="')[1].split('"')[0]
    client.post(url, body | {"seen": seen})
    assert set(SharingGrant.objects.values_list("brand", "factory")) == {(world.brand_a.pk, world.factory_a.pk)}
    foreign.refresh_from_db()
    assert foreign.state == "open"
    assert "Tick the open requests" in client.post(url, body | {"answer": "x"}, follow=True).content.decode()
    assert "No requests to answer" in page(client, "request_inbox", world.factory_a.pk)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_the_lists_that_brands_have_are_pasted_and_uploaded(world: World, client_of: Any, path: Path) -> None:
    rows = path.read_text(encoding="utf-8", errors="replace").splitlines()
    name = next(row.split(",")[1] for row in rows[1:] if '"' not in row.split(",")[1])
    Factory.objects.filter(pk=world.factory_vn.pk).update(name=f"{name.upper()} (Unit 2)")
    client, url = client_of(world.person("brand_a_member")), reverse("ask_list", args=[world.brand_a.pk])
    pasted = client.post(url, {"text": "name\n" + "\n".join(row.split(",")[1].strip('"') for row in rows[1:])})
    upload = SimpleUploadedFile("list.csv", path.read_bytes().replace(b"\0", b""))
    for response in (pasted, client.post(url, {"file": upload})):
        assert response.status_code in {200, 400}  # a list that is no UTF-8 is refused, with its row
    found = pasted.content.decode()
    assert "same name" in found
    assert "rows were read" in found


def test_each_line_of_a_list_is_matched_or_left_to_a_person(world: World, client_of: Any) -> None:
    Supplier.objects.create(brand=world.brand_a, name="Mekong Heron Aparel Ltd", country="Cambodia")
    ask(world)
    client, brand = client_of(world.person("brand_a_member")), world.brand_a.pk
    url = reverse("ask_list", args=[brand])
    lines = ['=HYPERLINK("http://x")', "KH-0001", "mekong heron apparel co., ltd\tCambodia", "Mekong Heron\tVietnam"]
    text = "\n".join([*lines, "vn-0001"])
    review = client.post(url, {"text": text}).content.decode()
    assert "Found</h2>" not in review
    assert "Found (2)" in review
    assert "Factories you cannot ask now (1)" in review
    assert "Not found among the programme&#x27;s factories (2)" in review or "factories (2)" in review
    alike = client.post(url, {"suppliers": "yes"}).content.decode()
    assert "Rows with several possible factories (1)" in alike
    assert client.post(url, {"text": "x" * 300_000}).status_code == 400
    assert client.post(url, {"text": "a\0b"}).status_code == 400
    assert client.post(url, {"text": "x\n" * 2_001}).status_code == 400
    assert client.post(url, {}).status_code == 400
    picked = {"factory": [world.factory_b.pk, "x", "9" * 40, "-1"], "line-2": world.factory_vn.pk, "line-3": ""}
    assert "Ask 2 factories" in client.post(reverse("ask", args=[brand]), picked).content.decode()


def test_invariant_3_what_a_brand_finds_is_the_same_whoever_shares_with_whom(world: World, client_of: Any) -> None:
    client, brand = client_of(world.person("brand_a_member")), world.brand_a.pk

    def seen() -> list[bytes]:
        answers = [
            client.get(reverse("ask_search", args=[brand])),
            client.get(reverse("ask", args=[brand]), {"factory": world.factory_a.pk}),
            client.get(reverse("api:brand-factories", args=[brand])),
            client.get(reverse("brand_requests", args=[brand])),
        ]
        return [answer.content.split(b"csrfmiddlewaretoken")[0].split(b"X-CSRFToken")[0] for answer in answers]

    before = seen()
    world.grant(brand=world.brand_b)
    ask(world, world.brand_b)
    Factory.objects.filter(pk=world.factory_a.pk).update(confirms_sharing=True, current_cycle=9, workers_men=77)
    assert seen() == before


def test_the_api_says_what_is_public_of_a_factory_that_shares_nothing_and_no_more(world: World, api_of: Any) -> None:
    client = api_of(world.person("brand_b_member"))
    [row, *_] = client.get(reverse("api:brand-factories", args=[world.brand_b.pk])).json()["results"]
    public = {"id", "bw_id", "name", "local_name", "country", "city", "sector", "os_hub_id"}
    assert set(row) == public | {"standing", "may_ask", "may_ask_from"}


def test_a_code_leads_each_to_their_own_page_and_strangers_nowhere(world: World, client_of: Any) -> None:
    request, grant = ask(world, scopes=("step1",)), world.grant()
    manager = client_of(world.person("manager_a"))
    printed = page(manager, "request_print", request.pk)
    assert request.code in printed
    assert "qr-code" in printed
    assert short_code(grant.pk) in page(manager, "grant_print", grant.pk)
    sent = manager.post(reverse("code_entry"), {"code": request.code.lower()})
    assert sent.headers["Location"] == reverse("access_request", args=[request.pk])
    stop = manager.get(reverse("short_code", args=[short_code(grant.pk)]))
    assert stop.headers["Location"] == reverse("grant_revoke", args=[grant.pk])
    for persona in ("manager_b", "brand_b_member", "outsider"):
        client = client_of(world.person(persona))
        for code in (request.code, short_code(grant.pk)):
            assert client.get(reverse("short_code", args=[code])).status_code == 404
            assert client.post(reverse("code_entry"), {"code": code}).status_code == 400
    anonymous = client_of(None).get(reverse("short_code", args=[request.code]))
    assert anonymous.headers["Location"].startswith("/accounts/login/?next=/c/")


def test_the_api_asks_answers_and_says_who_was_first(world: World, api_of: Any) -> None:
    brand, manager = api_of(world.person("brand_a_member")), api_of(world.person("manager_a"))
    asking = reverse("api:brand-requests", args=[world.brand_a.pk])
    body = {"factories": [world.factory_a.pk, 10**6], "scopes": ["report"], "purpose": "Review"}
    answer = brand.post(asking, body, format="json")
    assert answer.status_code == 201
    [made], [refused] = answer.json()["requests"], answer.json()["refused"]
    assert (made["state"], refused["factory"]) == ("open", 10**6)
    assert brand.post(asking, body | {"purpose": ""}, format="json").status_code == 400
    more = manager.post(reverse("api:request-approve", args=[made["id"]]), {"scopes": ["step1"]}, format="json")
    assert set(more.json()["errors"]) == {"scopes"}
    later = manager.post(reverse("api:request-later", args=[made["id"]]), {"days": 7}, format="json")
    assert later.json()["snoozed_until"]
    detail = reverse("api:request", args=[made["id"]])
    assert (brand.get(detail).json()["snoozed_until"], brand.get(detail).json()["state"]) == (None, "open")
    declined = manager.post(reverse("api:request-decline", args=[made["id"]]), {"reason": "No"}, format="json")
    assert (declined.json()["state"], declined.json()["answered_by"]) == ("declined", "Manager A")
    assert brand.get(detail).json()["answered_by"] is None
    assert manager.post(reverse("api:request-approve", args=[made["id"]]), {}, format="json").status_code == 409
    listed = brand.get(reverse("api:requests"), {"state": "declined"}).json()["results"]
    assert [row["decline_reason"] for row in listed] == ["No"]
    match = reverse("api:brand-factories-match", args=[world.brand_a.pk])
    lines = brand.post(match, {"lines": [{"bw_id": "kh-0002"}, {"name": "?"}]}, format="json").json()["results"]
    assert [line["how"] for line in lines] == ["id", "none"]
