"""A receipt of which any part was altered, or that another key signed, is refused with a sentence that says why."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from portal.core.models import SigningKey
from portal.core.signing import known_keys, public_half, sign, thumbprint
from sharing.models import Receipt
from sharing.receipts.checking import LONGEST, check_document
from sharing.receipts.document import document_of
from sharing.receipts.numbers import draw_number
from sharing.receipts.payload import TYPE
from tests.jose import decode, encode, signed_by
from tests.world import World

pytestmark = pytest.mark.django_db
STRANGER = b"o" * 32  # the signing key of another portal
STRANGERS_KEY = thumbprint(public_half("private", STRANGER))
SENTENCES = {
    "valid": "The portal signed and issued all of it.",
    "not_issued": "Contact the programme&#x27;s staff and show them this receipt.",
    "unreadable": "Choose the JSON file that was downloaded with the receipt, or paste all of its text.",
    "no_receipt": "It is a document of another kind or version.",
    "algorithm": "The portal signs receipts with EdDSA only. Do not rely on it.",
    "unknown_key": "This portal never signed anything with the key it names. Do not rely on it.",
    "altered": "Its signature does not match its content. Do not rely on it; ask for the original.",
    "disclosed_altered": "The part that is only in the factory&#x27;s copy was altered.",
}
Change = Callable[[dict[str, Any]], Any]


def header(**members: str) -> Change:
    """Another protected header under the same signature; an empty member is left out."""

    def change(document: dict[str, Any]) -> None:
        changed = {**decode(document["protected"]), **members}
        document["protected"] = encode({name: value for name, value in changed.items() if value})

    return change


def claims(**members: Any) -> Change:
    return lambda document: document.update(payload=encode(decode(document["payload"]) | members))


def without_last(part: str, count: int = 1) -> Change:
    return lambda document: document.update({part: document[part][:-count]})


def signed_anew(seed: bytes = STRANGER, **members: str) -> Change:
    """All of it, signed by somebody else."""

    def change(document: dict[str, Any]) -> None:
        jws = signed_by(seed, decode(document["payload"]), **{**decode(document["protected"]), **members})
        document.update(zip(("protected", "payload", "signature"), jws.split("."), strict=True))

    return change


def disclosing(alter: Callable[[list[str]], Any]) -> Change:
    return lambda document: alter(document["header"]["disclosures"])


def other_value(disclosures: list[str]) -> None:
    salt, name, _value = decode(disclosures[0])
    disclosures[0] = encode([salt, name, "Somebody else"])


def same_bytes(part: str) -> Change:
    """The same bytes, written in another way: bits of the last letter that no decoder reads."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def change(document: dict[str, Any]) -> None:
        text = document[part]
        assert len(text) % 4 in {2, 3}
        document[part] = text[:-1] + letters[letters.index(text[-1]) + 1]

    return change


def unsigned(document: dict[str, Any]) -> None:
    header(alg="none")(document)
    document["signature"] = ""


INVENTED = encode(["salt", "end_code", "stopped"])
FORGERIES: dict[str, tuple[Change, str]] = {
    "nothing changed": (lambda document: None, "valid"),
    "alg none, signature kept": (header(alg="none"), "algorithm"),
    "alg none, no signature": (unsigned, "algorithm"),
    "alg HS256": (header(alg="HS256"), "algorithm"),
    "alg Ed25519": (header(alg="Ed25519"), "algorithm"),
    "no alg": (header(alg=""), "algorithm"),
    "kid of nobody": (header(kid="other"), "unknown_key"),
    "kid of another portal": (header(kid=STRANGERS_KEY), "unknown_key"),
    "no kid": (header(kid=""), "unknown_key"),
    "a header that names a key of its own": (header(jku="https://elsewhere.example/jwks.json"), "altered"),
    "typ of a seal": (header(typ="portal-seal+jwt"), "no_receipt"),
    "no typ": (header(typ=""), "no_receipt"),
    "changed claim": (claims(kind="confirmed"), "altered"),
    "added claim": (claims(acted_by="Somebody"), "altered"),
    "truncated claims": (without_last("payload", 4), "altered"),
    "truncated header": (without_last("protected", 4), "unreadable"),
    "truncated signature": (without_last("signature", 4), "altered"),
    "no signature": (lambda document: document.update(signature=""), "altered"),
    "a signature of another alphabet": (lambda document: document.update(signature="%" * 86), "altered"),
    "the same signature, written otherwise": (same_bytes("signature"), "altered"),
    "signed by another portal": (signed_anew(kid=STRANGERS_KEY), "unknown_key"),
    "signed by another portal in our name": (signed_anew(), "altered"),
    "a changed value disclosed": (disclosing(other_value), "disclosed_altered"),
    "a value disclosed twice": (disclosing(lambda found: found.append(found[0])), "disclosed_altered"),
    "a value that nobody signed": (disclosing(lambda found: found.append(INVENTED)), "disclosed_altered"),
    "a truncated disclosure": (disclosing(lambda found: found.append(found.pop()[:-1])), "disclosed_altered"),
    "a number disclosed": (disclosing(lambda found: found.append(1)), "disclosed_altered"),
    "one disclosure left out": (disclosing(lambda found: found.pop()), "valid"),
    "no header": (lambda document: document.pop("header"), "valid"),
    "something beside it": (lambda document: document.update(note="Every finding is remedied"), "no_receipt"),
    "something in its header": (lambda document: document["header"].update(alg="EdDSA"), "no_receipt"),
    "a list for a header": (lambda document: document.update(header=[]), "no_receipt"),
    "no payload": (lambda document: document.pop("payload"), "unreadable"),
    "a number for a payload": (lambda document: document.update(payload=1), "unreadable"),
}  # fmt: skip


@pytest.fixture
def good(world: World) -> dict[str, Any]:
    """The factory's copy of a genuine receipt."""
    return document_of(world.grant().receipts.get(), from_inside=True)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_each_part_that_is_altered_is_refused_with_its_sentence(good: dict[str, Any], forgery: str) -> None:
    change, outcome = FORGERIES[forgery]
    change(good)
    text = json.dumps(good)
    assert check_document(text).outcome == outcome
    page = Client().post("/verify/", {"text": text})
    assert page.status_code == (200 if outcome == "valid" else 400)
    assert SENTENCES[outcome] in page.content.decode()


def test_what_is_no_receipt_at_all_is_refused(good: dict[str, Any]) -> None:
    text = json.dumps(good)
    compact = ".".join(good[part] for part in ("protected", "payload", "signature"))
    twice = text.replace("{", '{"payload": "e30", ', 1)
    deep = json.dumps({**good, "protected": encode(b"[" * 20_000)})
    assert len(deep) < LONGEST
    odd = ("", "[]", "null", '"x"', "{}", "\0", "[" * 60_000, text[:-1], text[: len(text) // 2], twice, compact, deep)
    for one in odd:
        assert check_document(one).outcome == "unreadable", one[:40]


def test_what_our_stolen_key_signed_was_never_issued(good: dict[str, Any]) -> None:
    forged = {**decode(good["payload"]), "jti": draw_number()}
    document = dict(zip(("protected", "payload", "signature"), sign(TYPE, forged).split("."), strict=True))
    text = json.dumps(document)
    assert check_document(text).outcome == "not_issued"
    assert SENTENCES["not_issued"] in Client().post("/verify/", {"text": text}).content.decode()
    later = dict(zip(document, sign(TYPE, {**forged, "version": 3}).split("."), strict=True))
    assert check_document(json.dumps(later)).outcome == "no_receipt"


def test_a_retired_key_still_verifies_and_stays_published(good: dict[str, Any], world: World, settings: Any) -> None:
    old = known_keys()[0].key_id
    settings.SIGNING_KEYS = [("private", STRANGER)]
    assert check_document(json.dumps(good)).outcome == "valid"
    new = document_of(world.grant(scope="step1").receipts.get(), from_inside=False)
    assert decode(new["protected"]) == {"alg": "EdDSA", "typ": TYPE, "kid": STRANGERS_KEY}
    assert check_document(json.dumps(new)).outcome == "valid"
    response = Client().get("/.well-known/jwks.json")
    assert response.headers["Content-Type"] == "application/jwk-set+json"
    keys = json.loads(response.content)["keys"]
    assert [key["kid"] for key in keys] == [STRANGERS_KEY, old]
    assert {tuple(sorted(key)) for key in keys} == {("alg", "crv", "kid", "kty", "use", "x")}
    assert {(key["kty"], key["crv"], key["alg"], key["use"]) for key in keys} == {("OKP", "Ed25519", "EdDSA", "sig")}


def test_a_key_that_somebody_put_into_the_database_takes_nobodys_name(good: dict[str, Any]) -> None:
    """Its id is its own thumbprint, whatever the row says."""
    current = known_keys()[0]
    SigningKey.objects.create(key_id="x", public_key=public_half("private", STRANGER))
    signed_anew()(good)
    assert decode(good["protected"])["kid"] == current.key_id
    assert check_document(json.dumps(good)).outcome == "altered"
    assert django_settings.SIGNING_KEYS[0][0] == "private"
    assert Receipt.objects.get().key_id == current.key_id
