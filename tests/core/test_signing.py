"""JWS with EdDSA as RFC 8037 shows it, ids as RFC 7638, and JSON that could be read in two ways."""

import pytest

from portal.core.signing import KnownKey, NotSignedError, configured_keys, keys_of, sign, thumbprint, verified
from portal.core.strict_json import AmbiguousJsonError, read_strictly
from tests.jose import decode, signed_by

# RFC 8037, appendix A.1 to A.3.
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_id_of_a_key_is_its_thumbprint() -> None:
    jwk = KnownKey(PUBLIC, None, is_current=True).as_jwk()
    assert jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert jwk["kid"] == thumbprint(PUBLIC) == THUMBPRINT
    assert keys_of({"keys": [{**jwk, "kid": "another"}, {"kty": "RSA"}]}) == {THUMBPRINT: PUBLIC}
    for nonsense in ({}, {"keys": [1]}, {"keys": [{"crv": "Ed25519"}]}, {"keys": [{"crv": "Ed25519", "x": "AA"}]}):
        with pytest.raises(ValueError, match=r"."):
            keys_of(nonsense)


@pytest.mark.django_db
def test_what_is_signed_verifies_as_what_it_is_and_as_nothing_else(settings) -> None:
    settings.SIGNING_KEYS = [("private", SEED)]
    jws = sign("portal-test+jwt", {"word": "ការងារ"})
    assert decode(jws.split(".")[0]) == {"alg": "EdDSA", "typ": "portal-test+jwt", "kid": THUMBPRINT}
    assert verified("portal-test+jwt", jws, configured_keys()) == {"word": "ការងារ"}
    by_hand = signed_by(SEED, {"word": 1}, alg="EdDSA", typ="portal-test+jwt", kid=THUMBPRINT)
    assert verified("portal-test+jwt", by_hand, configured_keys()) == {"word": 1}
    for kind, text, keys, refusal in (
        ("portal-other+jwt", jws, configured_keys(), "type"),
        ("portal-test+jwt", jws, {}, "unknown_key"),
        ("portal-test+jwt", jws, {THUMBPRINT: b"x" * 32}, "signature"),
        ("portal-test+jwt", jws + "\n", configured_keys(), "signature"),
        ("portal-test+jwt", jws + "=", configured_keys(), "signature"),
        ("portal-test+jwt", jws + ".", configured_keys(), "malformed"),
        ("portal-test+jwt", None, configured_keys(), "malformed"),
    ):
        with pytest.raises(NotSignedError) as caught:
            verified(kind, text, keys)
        assert caught.value.refusal == refusal


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', '[{"b":{"c":1,"c":1}}]', "{", "[" * 100_000, ""])
def test_json_that_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(AmbiguousJsonError):
        read_strictly(text)
