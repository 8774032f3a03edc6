"""Receipts are verified by libraries and programs that the portal does not sign with, as docs/receipts.md shows it."""

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from joserfc import jws as joserfc_jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jws import InvalidJWSObject, InvalidJWSSignature
from sd_jwt.verifier import SDJWTVerifier

from sharing.grants.services.revoking import revoke_access
from sharing.models import Receipt
from sharing.receipts.document import json_of
from tests.jose import decode, encode, signed_by
from tests.world import World

pytestmark = pytest.mark.django_db
DOCUMENT = (Path(__file__).resolve().parent.parent.parent / "docs" / "receipts.md").read_text()
STRANGER = b"o" * 32  # the signing key of another portal
SIGNED = ("protected", "payload", "signature")


@pytest.fixture
def receipt(world: World) -> Receipt:
    """The receipt of an end, with all that only the factory may know."""
    revoke_access(by=world.person("manager_a"), grant=world.grant(hold_days=7), reason="They pay late")
    return Receipt.objects.get(kind="ended")


@pytest.fixture
def keys(receipt: Receipt, settings: Any) -> bytes:
    """The portal's JWK set, after a change of the key."""
    settings.SIGNING_KEYS = [("private", b"n" * 32)]
    return Client().get("/.well-known/jwks.json").content


def other_claims(document: dict[str, Any]) -> None:
    document["payload"] = encode(decode(document["payload"]) | {"kind": "granted"})


def signed_elsewhere(document: dict[str, Any]) -> None:
    jws = signed_by(STRANGER, decode(document["payload"]), **decode(document["protected"]))
    document.update(zip(SIGNED, jws.split("."), strict=True))


def algorithm_none(document: dict[str, Any]) -> None:
    document["protected"] = encode(decode(document["protected"]) | {"alg": "none"})


def truncated(document: dict[str, Any]) -> None:
    document["signature"] = document["signature"][:-4]


def other_disclosure(document: dict[str, Any]) -> None:
    found = document["header"]["disclosures"]
    found[:] = [encode([*decode(one)[:2], "Somebody else"]) for one in found]


TAMPERED = (other_claims, signed_elsewhere, algorithm_none, truncated)


def tampered(text: str, change: Callable[[dict[str, Any]], None]) -> str:
    document = json.loads(text)
    change(document)
    return json.dumps(document, indent=1)


def test_joserfc_verifies_a_receipt_with_the_published_keys(receipt: Receipt, keys: bytes) -> None:
    key_set = KeySet.import_key_set(json.loads(keys))
    assert {key.thumbprint() for key in key_set.keys} == {key["kid"] for key in json.loads(keys)["keys"]}

    def verify(text: str) -> Any:
        document = json.loads(text)
        compact = ".".join(document[part] for part in SIGNED)
        with warnings.catch_warnings():  # EdDSA is to be named Ed25519 one day (RFC 9864)
            warnings.simplefilter("ignore")
            return json.loads(joserfc_jws.deserialize_compact(compact, key_set, algorithms=["EdDSA"]).payload)

    text = json_of(receipt, from_inside=False)
    assert verify(text) == receipt.payload
    for change in TAMPERED:
        with pytest.raises((BadSignatureError, JoseError, ValueError)):
            verify(tampered(text, change))


def test_an_sd_jwt_library_verifies_a_receipt_and_what_it_discloses(receipt: Receipt, keys: bytes) -> None:
    key_set = JWKSet.from_json(keys.decode())

    def key_of(issuer: str, header: dict[str, Any]) -> JWK:
        assert (issuer, header["alg"], header["typ"]) == ("http://testserver", "EdDSA", "portal-receipt+sd-jwt")
        return key_set.get_key(header["kid"])

    def verify(text: str) -> dict[str, Any]:
        document = json.loads(text)
        parts = [".".join(document[part] for part in SIGNED), *document["header"]["disclosures"]]
        return SDJWTVerifier("".join(f"{part}~" for part in parts), key_of).get_verified_payload()

    signed = {name: value for name, value in receipt.payload.items() if not name.startswith("_sd")}
    values = {name: value for name, (_salt, value) in receipt.disclosed.items()}
    assert sorted(values) == ["acted_by", "end_code", "end_reason", "granted_for", "hold_days"]
    assert verify(json_of(receipt, from_inside=True)) == {**signed, **values}
    assert verify(json_of(receipt, from_inside=False)) == signed
    for change in TAMPERED:
        with pytest.raises((InvalidJWSSignature, InvalidJWSObject, AssertionError)):
            verify(tampered(json_of(receipt, from_inside=True), change))
    # What nobody signed is left out.
    assert verify(tampered(json_of(receipt, from_inside=True), other_disclosure)) == signed


def test_the_python_program_of_the_documentation_checks_a_receipt_offline(
    receipt: Receipt, keys: bytes, tmp_path: Path
) -> None:
    program = DOCUMENT.split("```python\n")[1].split("```")[0]
    assert len([line for line in program.splitlines() if line.strip()]) <= 20
    (tmp_path / "check.py").write_text(program)
    (tmp_path / "jwks.json").write_bytes(keys)

    def run(text: str) -> tuple[int, str]:
        (tmp_path / "receipt.json").write_text(text)
        command = [sys.executable, "check.py", "receipt.json", "jwks.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    own, theirs = (json_of(receipt, from_inside=inside) for inside in (True, False))
    code, said = run(own)
    assert (code, said.splitlines()[-1]) == (0, f"genuine: {receipt.number}")
    assert json.loads(said.rsplit("\n", 2)[0])["acted_by"] == receipt.disclosed["acted_by"][1]
    assert run(theirs)[0] == 0
    assert "acted_by" not in run(theirs)[1]
    for change in (*TAMPERED, other_disclosure):
        assert run(tampered(own, change)) == (1, "")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
def test_openssl_verifies_a_receipt_as_the_documentation_shows_it(
    receipt: Receipt, keys: bytes, tmp_path: Path
) -> None:
    script = DOCUMENT.split("```sh\n")[1].split("```")[0]
    (tmp_path / "jwks.json").write_bytes(keys)

    def run(text: str) -> tuple[bool, str]:
        (tmp_path / "receipt.json").write_text(text)
        done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stdout

    for inside in (True, False):
        genuine, said = run(json_of(receipt, from_inside=inside))
        assert (genuine, said.splitlines()[0]) == (True, "Signature Verified Successfully")
        assert json.loads(said.split("\n", 1)[1]) == receipt.payload
    for change in TAMPERED:
        genuine, said = run(tampered(json_of(receipt, from_inside=False), change))
        assert not genuine
        assert receipt.number not in said
