"""Receipts: one for each grant, change and end; the same for both sides; checked by anybody; forged by nobody."""

import json
import re
import shutil
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from portal.core.days import shown_in
from portal.core.signing import known_keys
from sharing.grants.services.granting import change_grant
from sharing.grants.services.outcomes import Terms
from sharing.grants.services.revoking import revoke_access
from sharing.models import Receipt, SharingGrant
from sharing.receipts import payload
from sharing.receipts.auditing import verify_receipts
from sharing.receipts.checking import CodeOutcome, check_code, check_document
from sharing.receipts.comparing import compare_grants
from sharing.receipts.document import facts, fingerprint, json_of, pdf_of, sentence, verify_url
from sharing.receipts.numbers import ALPHABET, draw_number, normalised
from sharing.receipts.payload import terms_of
from sharing.requests.services.undoing import undo
from tests.jose import decode, encode, readable
from tests.world import World


def altered_claims(text: str) -> str:
    """The receipt with another scope under the same signature."""
    document = json.loads(text)
    claims = decode(document["payload"])
    claims["terms"]["scope"] = "step1"
    return json.dumps({**document, "payload": encode(claims)})


def receipts_of(world: World) -> list[Receipt]:
    return list(Receipt.objects.filter(factory=world.factory_a).order_by("pk"))


def test_numbers_are_drawn_and_a_wrong_digit_is_noticed() -> None:
    number = draw_number()
    assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", number)
    assert draw_number() != number
    assert normalised(f" {number.lower().replace('-', ' ').replace('0', 'o').replace('1', 'l')} ") == number
    letters = number.replace("-", "")
    for place in range(16):
        for letter in ALPHABET:
            if letter != letters[place]:
                assert normalised(letters[:place] + letter + letters[place + 1 :]) == ""
    assert normalised("\0" * 10_000) == normalised("") == normalised("ក" * 16) == ""


@pytest.mark.django_db
def test_each_grant_change_and_end_yields_one_signed_receipt(world: World) -> None:
    manager = world.person("manager_a")
    grant = world.grant(purpose="Sourcing 2026", hold_days=7)
    world.grant(purpose="Sourcing 2026", hold_days=7)  # a double click is one grant
    changed = change_grant(by=manager, grant=grant, terms=Terms(cycles="from", cycle_numbers=[2]))
    revoke_access(by=manager, grant=changed, reason="They asked for a discount")
    revoke_access(by=manager, grant=changed)
    found = receipts_of(world)
    assert [receipt.kind for receipt in found] == ["granted", "ended", "changed", "ended"]
    assert [receipt.payload["previous"] for receipt in found] == [None, *(one.number for one in found[:3])]
    for receipt in found:
        checked = check_document(json_of(receipt, from_inside=True))
        assert (checked.outcome, checked.number) == ("valid", receipt.number)
    first, last = found[0].payload, found[-1].payload
    assert first["terms"]["purpose"] == "Sourcing 2026"
    assert first["acted"] == {"side": "factory", "role": "manager"}
    assert first["brand"]["name"] == world.brand_a.name
    assert last["ended_at"]
    assert last["terms"] == found[2].payload["terms"]
    with transaction.atomic():  # undone with its grant
        world.grant(scope="step1")
        transaction.set_rollback(True)
    assert len(receipts_of(world)) == 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("terms", "number", "words"),
    [
        ({}, None, "All cycles, including future ones"),
        ({"cycles": "from", "cycle_numbers": [3]}, 3, "From cycle 3 on"),
        ({"cycles": "only", "cycle_numbers": [2]}, 2, "Cycle 2 only"),
    ],
)
def test_a_receipt_of_version_1_is_checked_shown_and_compared(
    world: World, monkeypatch: Any, terms: dict[str, Any], number: int | None, words: str
) -> None:
    """As it was signed before terms could name several cycles (decision 56)."""

    def as_then(grant: SharingGrant) -> dict[str, object]:
        said = terms_of(grant)
        return {**{name: value for name, value in said.items() if name != "cycle_numbers"}, "cycle_number": number}

    monkeypatch.setattr(payload, "VERSION", 1)
    monkeypatch.setattr(payload, "terms_of", as_then)
    grant = world.grant(**terms)
    receipt = grant.receipts.get()
    monkeypatch.undo()
    assert (receipt.payload["version"], receipt.payload["terms"]["cycle_number"]) == (1, number)
    checked = check_document(json_of(receipt, from_inside=True))
    assert (checked.outcome, ("Cycles", words) in checked.facts) == ("valid", True)
    keys = {key.key_id: key.public_key for key in known_keys()}
    assert [*verify_receipts(keys), *compare_grants(keys)] == []
    change_grant(by=world.person("manager_a"), grant=grant, terms=Terms(cycles="only", cycle_numbers=[4, 2]))
    newest = receipts_of(world)[-1]
    assert (newest.payload["version"], newest.payload["terms"]["cycle_numbers"]) == (2, [2, 4])
    assert ("Cycles", "Cycles 2 and 4 only") in check_document(json_of(newest, from_inside=False)).facts
    assert [*verify_receipts(keys), *compare_grants(keys)] == []


@pytest.mark.django_db
def test_a_grant_that_ran_out_and_one_that_waits_for_a_second_person_say_so(world: World, api_of: Any) -> None:
    world.grant(expires_at=timezone.now() + timedelta(seconds=1))
    later = timezone.now() + timedelta(days=1)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(timezone, "now", lambda: later)
        world.grant()
    assert [receipt.kind for receipt in receipts_of(world)] == ["granted", "expired", "granted"]
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    world.grant(scope="step1")
    proposed = receipts_of(world)[-1]
    assert proposed.kind == "proposed"
    visible = Receipt.objects.visible_to(world.person("brand_a_member"))
    assert proposed not in visible
    assert visible.count() == 3


@pytest.mark.django_db
def test_everybody_sees_the_receipts_of_the_grants_that_they_see(world: World) -> None:
    world.grant()
    world.grant(scope="step1", brand=world.brand_b)
    revoke_access(by=world.person("manager_a"), grant=world.grant(brand=world.brand_b))
    world.factory_a.confirms_sharing = True
    world.factory_a.save()
    undo(by=world.person("manager_a"), factory=world.factory_a, grants={world.grant(scope="step1").pk}, requests=set())
    world.grant(scope="improvement_plan")
    numbers = set()
    for person in filter(None, world.people.values()):
        seen = set(Receipt.objects.visible_to(person))
        grants = SharingGrant.objects.visible_to(person)
        assert seen == {one for one in Receipt.objects.select_related("grant") if one.grant in grants}, person
        numbers.add(len(seen))
    assert numbers == {0, 1, 3, 7}


@pytest.mark.django_db
def test_the_end_of_a_period_was_decided_by_nobody(world: World, time_machine: Any) -> None:
    """Whoever shares next finds it expired; receipts issued before this was so still say whom they name."""
    start = timezone.now()
    time_machine.move_to(start - timedelta(days=2))
    world.grant(expires_at=start - timedelta(days=1))
    time_machine.move_to(start)
    world.grant()
    expired = receipts_of(world)[1]
    assert (expired.kind, expired.actor) == ("expired", world.person("manager_a"))
    assert expired.payload["acted"] == {"side": "portal", "role": "automatic"}
    for disclosed in ({}, expired.disclosed):  # the brand's copy and the factory's
        told = dict(facts(expired.payload, disclosed))
        assert told["Reason"] == "Period expired"
        assert "Decided by" not in told
    earlier = expired.payload | {"acted": {"side": "factory", "role": "manager"}}
    assert dict(facts(earlier, {}))["Decided by"] == "A manager of the factory"
    assert list(compare_grants({})) == []


@pytest.mark.django_db
def test_what_a_change_replaces_does_not_read_as_an_end(world: World, client_of: Any) -> None:
    changed = change_grant(by=world.person("manager_a"), grant=world.grant(), terms=Terms(hold_days=9))
    undo(by=world.person("manager_a"), factory=world.factory_a, grants={changed.pk})
    manager = client_of(world.person("manager_a"))
    page = manager.get(f"/factories/{world.factory_a.pk}/receipts/")
    assert [one.what_happened for one in page.context["page"].items] == [
        "Access changed", "Decision undone", "Access changed", "Earlier terms replaced", "Access granted",
    ]  # fmt: skip
    replaced = receipts_of(world)[1]
    page = manager.get(f"/receipts/{replaced.number}/").content.decode()
    assert "replaced the terms of Aster &amp; Oak named below with others." in page
    assert sentence(replaced.payload, {}).endswith("can no longer read anything through it.")


@pytest.mark.django_db
def test_a_brands_copy_holds_nothing_that_only_the_factory_may_know(world: World, client_of: Any, api_of: Any) -> None:
    reason = "They asked for a discount"
    grant = world.grant(hold_days=213)
    revoke_access(by=world.person("manager_a"), grant=grant, reason=reason)
    for receipt in receipts_of(world)[1:]:
        url = f"/receipts/{receipt.number}/"
        seen = {
            persona: [client_of(world.person(persona)).get(url + part) for part in ("", "json/")]
            + [api_of(world.person(persona)).get(f"/api/v1/receipts/{receipt.number}/")]
            for persona in ("manager_a", "brand_a_member", "programme_manager", "brand_b_member", "manager_b")
        }
        for answer in seen["brand_a_member"]:
            assert answer.status_code == 200
            # The days stand alone: a hash or a signature may well contain these digits.
            for secret in (reason, "Manager A", r"(?<![\w.-])213(?![\w-])"):
                assert not re.search(secret, readable(answer.content.decode()))
        for persona in ("manager_a", "programme_manager"):
            assert all("Manager A" in readable(answer.content.decode()) for answer in seen[persona])
        for persona in ("brand_b_member", "manager_b"):
            assert [answer.status_code for answer in seen[persona]] == [404, 404, 404]
        given = client_of(world.person("manager_a")).get(url + "json/?copy=brand")
        assert "-brand-copy.json" in given.headers["Content-Disposition"]
        given_on = given.content
        assert given_on == seen["brand_a_member"][1].content
    own, theirs = (json.loads(json_of(receipt, from_inside=inside)) for inside in (True, False))
    assert own["signature"] == theirs["signature"]
    assert own["payload"] == theirs["payload"]
    assert theirs["header"] == {"disclosures": []}
    # The same reason twice has two hashes: nobody can try out what it might have been.
    salts = {receipt.disclosed["acted_by"][0] for receipt in receipts_of(world)}
    assert len(salts) == 2


@pytest.mark.django_db
def test_a_reason_that_is_shown_stands_in_the_receipt(world: World) -> None:
    revoke_access(by=world.person("manager_a"), grant=world.grant(), reason="Moved", is_reason_shown=True)
    receipt = Receipt.objects.get(kind="ended")
    assert (receipt.payload["end_reason"], "end_reason" in receipt.disclosed) == ("Moved", False)
    assert receipt.payload["acted"] == {"side": "factory", "role": "manager"}


@pytest.mark.django_db
def test_a_brand_cannot_tell_from_its_copy_whether_a_reason_was_withheld(world: World) -> None:
    for grant, reason in ((world.grant(), ""), (world.grant(scope="step1"), "They leaked our report")):
        revoke_access(by=world.person("manager_a"), grant=grant, reason=reason)
    without, hidden = Receipt.objects.filter(kind="ended").order_by("pk")
    assert hidden.disclosed["end_reason"][1] == "They leaked our report"
    assert without.payload.keys() == hidden.payload.keys()
    assert len(without.payload["_sd"]) == len(hidden.payload["_sd"])
    names = {tuple(sorted(one.disclosed)) for one in Receipt.objects.all()}
    assert len(names) == 1, "each kind withholds the same facts, empty where there are none"


@pytest.mark.django_db
def test_anybody_checks_a_receipt_on_the_page_and_learns_nothing_more(world: World, client_of: Any) -> None:
    grant = world.grant()
    receipt = receipts_of(world)[0]
    text = json_of(receipt, from_inside=False)
    stranger = Client()
    answers = [stranger.post("/verify/", {"text": text})]
    revoke_access(by=world.person("manager_a"), grant=grant)
    answers.append(stranger.post("/verify/", {"file": SimpleUploadedFile("r.json", b"\xef\xbb\xbf" + text.encode())}))
    csrf = re.compile(rb'value="[A-Za-z0-9]{64}"|"X-CSRFToken": "\w+"')
    before, after = (csrf.sub(b"", answer.content) for answer in answers)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert b"This receipt is genuine" in after
    # Whether the sharing is still in force makes no difference (what was pasted stands in the form again).
    assert re.sub(rb"<textarea.*?</textarea>", b"", before, flags=re.DOTALL) == re.sub(
        rb"<textarea.*?</textarea>", b"", after, flags=re.DOTALL
    )
    alone = stranger.post("/verify/", {"text": f" {receipt.number.lower()} "})
    assert (alone.status_code, b"A number alone cannot be checked" in alone.content) == (400, True)
    altered = stranger.post("/verify/", {"text": altered_claims(text)})
    assert (altered.status_code, b"was altered, or was not issued by us" in altered.content) == (400, True)
    for bad in ({}, {"text": "x" * 70_000}, {"text": "\0"}, {"file": SimpleUploadedFile("r.pdf", b"%PDF\xff\xfe")}):
        assert stranger.post("/verify/", bad).status_code == 400
    # The address in the QR code: genuine with number and fingerprint, and the same "no" for everything else.
    url = verify_url(receipt).removeprefix("http://testserver")
    assert world.factory_a.name not in url
    assert b"The portal issued receipt" in stranger.get(url).content
    number = receipt.number
    for guess in (
        f"number={number}",
        f"number={number}&print={'0' * 32}",
        f"number={draw_number()}&print=",
        f"number={draw_number()}&print=%C3%A9",
        "number=1&print=%E1%9E%9A",
        "number=%00&print=%00",
        "number=%00",
    ):
        page = stranger.get(f"/verify/?{guess}")
        assert (page.status_code, b"issued no receipt" in page.content) == (200, True)
    assert check_code(receipt.payload["iss"], "", fingerprint("")) is CodeOutcome.UNKNOWN


@pytest.mark.django_db
def test_a_checked_receipt_has_the_moments_of_its_factory_as_its_own_page_has(world: World, client_of: Any) -> None:
    receipt = Receipt.objects.get(grant=world.grant())
    with shown_in(world.factory_a):
        said = facts(receipt.payload, {})
    checked = check_document(json_of(receipt, from_inside=False))
    assert checked.facts == said
    assert ("Days and times", "Asia/Phnom Penh (UTC+07:00)") in checked.facts
    page = client_of(world.person("manager_a")).get(f"/receipts/{receipt.number}/").content.decode()
    assert dict(said)["Issued"] in page


@pytest.mark.django_db
def test_checking_is_limited_by_address(settings: Any) -> None:
    from portal.core.api.throttling import VerifyThrottle

    with pytest.MonkeyPatch.context() as rates:
        rates.setattr(VerifyThrottle, "THROTTLE_RATES", {"verify": "2/min"})
        asked = [Client().get("/verify/?number=1").status_code for _ in range(3)]
    assert asked == [200, 200, 429]
    assert Client().get("/verify/").status_code == 200


@pytest.mark.django_db
def test_lists_show_each_side_its_own(world: World, client_of: Any, api_of: Any) -> None:
    world.grant()
    world.grant(brand=world.brand_b)
    mine, other = receipts_of(world)
    factory_page = client_of(world.person("member_a")).get(f"/factories/{world.factory_a.pk}/receipts/")
    assert {one.number for one in factory_page.context["page"].items} == {mine.number, other.number}
    brand = client_of(world.person("brand_a_member"))
    page = brand.get(f"/brands/{world.brand_a.pk}/receipts/")
    assert mine.number in page.content.decode()
    for secret in (other.number, world.brand_b.name):
        assert secret not in page.content.decode()
    found = brand.get(f"/brands/{world.brand_a.pk}/receipts/", {"number": mine.number.lower().replace("-", "")})
    assert [one.number for one in found.context["page"].items] == [mine.number]
    for typed in (other.number, "nonsense\0", "x" * 10_000):
        answer = brand.get(f"/brands/{world.brand_a.pk}/receipts/", {"number": typed})
        assert (answer.status_code, list(answer.context["page"].items)) == (200, [])
    api = api_of(world.person("brand_a_member"))
    assert [row["number"] for row in api.get("/api/v1/receipts/").json()["results"]] == [mine.number]
    assert [row["receipt"] for row in api.get("/api/v1/grants/").json()["results"]] == [mine.number]
    document = api.get(f"/api/v1/receipts/{mine.number}/").json()["document"]
    assert check_document(json.dumps(document)).is_valid


@pytest.mark.django_db
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_the_pdf_is_one_page_in_every_script_and_says_what_was_signed(world: World) -> None:
    world.grant(purpose="ការផ្គត់ផ្គង់ " + "W" * 120 + " ١٢٣ তৈরি " + "long " * 24)
    receipt = receipts_of(world)[0]
    content = pdf_of(receipt, from_inside=True)
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    pages = text.stdout.decode().split("\f")[:-1]
    assert len(pages) == 1
    for words in (receipt.number, world.factory_a.name, "Manager A", receipt.signature[:20]):
        assert words in pages[0]
    assert b"/StructTreeRoot" in content or b"ObjStm" in content
