"""Signatures that any JOSE library verifies: compact JWS (RFC 7515) with EdDSA over Ed25519 (RFC 8037).

The private keys are in the setting `SIGNING_KEYS`, the current one first. A key's id is its thumbprint (RFC 7638), so
no id can be claimed for another key. Each key's public half is stored in the database from its first use on, so that
what a retired key signed still verifies, and all of them are published as a JWK set (`/.well-known/jwks.json`).

The header states in `typ` what the payload is, so that a seal can never be mistaken for a receipt. Signed text is
stored and passed on as it is, and never built anew from its payload.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from jwt import InvalidTokenError
from jwt.algorithms import OKPAlgorithm
from jwt.api_jws import PyJWS
from jwt.utils import base64url_decode, base64url_encode

from portal.core.models import SigningKey

ALGORITHM = "EdDSA"
# The public halves of trusted keys, by key id.
Keys = dict[str, bytes]
_jws = PyJWS(algorithms=[ALGORITHM])


class Refusal(StrEnum):
    """The reason why a JWS is refused, in the order in which they are looked for."""

    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    TYPE = "type"
    UNKNOWN_KEY = "unknown_key"
    SIGNATURE = "signature"


class NotSignedError(ValueError):
    """The error for a text that none of the trusted keys signed as what it should be.

    `key_id` is the key that it names, where it names one.
    """

    def __init__(self, refusal: Refusal, key_id: str = "") -> None:
        super().__init__(f"It is not signed as it should be: {refusal}.")
        self.refusal, self.key_id = refusal, key_id


@dataclass(frozen=True)
class KnownKey:
    """A key that verifies: in use, or retired. `first_used_at` is empty for one that has signed nothing yet."""

    public_key: bytes
    first_used_at: datetime | None
    is_current: bool

    @property
    def key_id(self) -> str:
        """The thumbprint of the key, which is its id."""
        return thumbprint(self.public_key)

    @property
    def public_text(self) -> str:
        """The public key in base64url, as in its JWK."""
        return base64url_encode(self.public_key).decode()

    def as_jwk(self) -> dict[str, str]:
        """Return the key as it is published."""
        return {**_jwk(self.public_key), "kid": self.key_id, "alg": ALGORITHM, "use": "sig"}


def _jwk(public_key: bytes) -> dict[str, str]:
    return OKPAlgorithm.to_jwk(_public(public_key), as_dict=True)


@cache
def thumbprint(public_key: bytes) -> str:
    """Return the thumbprint of a key (RFC 7638): base64url of the SHA-256 over its required members, by name."""
    members = json.dumps(_jwk(public_key), sort_keys=True, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(members.encode()).digest()).decode()


@cache
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@cache
def _public(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def sign(kind: str, payload: Mapping[str, object]) -> str:
    """Return the payload as a compact JWS of this `typ`, signed with the current key.

    The key's public half is stored at its first use, in the same transaction.
    """
    return sign_all(kind, [payload])[0]


def sign_all(kind: str, payloads: Iterable[Mapping[str, object]]) -> list[str]:
    """Sign many, each by itself."""
    _kind, seed = settings.SIGNING_KEYS[0]
    public_key = public_half("private", seed)
    key_id, key = thumbprint(public_key), _private(seed)
    if not SigningKey.objects.filter(pk=key_id).exists():
        SigningKey.objects.bulk_create([SigningKey(key_id=key_id, public_key=public_key)], ignore_conflicts=True)
    header = {"typ": kind, "kid": key_id}
    return [_jws.encode(_text(payload), key, ALGORITHM, header) for payload in payloads]


def _text(payload: Mapping[str, object]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def public_half(kind: str, secret: bytes) -> bytes:
    """Return the 32 bytes of a configured key that may be published."""
    return secret if kind == "public" else _private(secret).public_key().public_bytes_raw()


def verified(kind: str, jws: object, keys: Keys) -> dict[str, Any]:
    """Return the payload of a compact JWS of this `typ` that one of the keys signed. Raises `NotSignedError`."""
    header = _header(jws)
    key_id = str(header.get("kid", ""))
    if header.get("alg") != ALGORITHM:
        raise NotSignedError(Refusal.ALGORITHM, key_id)
    if header.get("typ") != kind:
        raise NotSignedError(Refusal.TYPE, key_id)
    if key_id not in keys:
        raise NotSignedError(Refusal.UNKNOWN_KEY, key_id)
    if not all(map(_is_exact, str(jws).split("."))):
        raise NotSignedError(Refusal.SIGNATURE, key_id)
    try:
        return json.loads(_jws.decode(str(jws), _public(keys[key_id]), [ALGORITHM]))
    except (InvalidTokenError, ValueError) as error:
        raise NotSignedError(Refusal.SIGNATURE, key_id) from error


def _header(jws: object) -> dict[str, object]:
    """Return the header of a text, not verified. Raises `NotSignedError` if it has none, as a compact JWS has."""
    if not isinstance(jws, str) or jws.count(".") != 2:
        raise NotSignedError(Refusal.MALFORMED)
    try:
        header = json.loads(base64url_decode(jws.split(".")[0]))
    except (ValueError, RecursionError) as error:
        raise NotSignedError(Refusal.MALFORMED) from error
    if not isinstance(header, dict):
        raise NotSignedError(Refusal.MALFORMED)
    return header


def _is_exact(part: str) -> bool:
    """Return whether this is the one way to write these bytes: the last letter may hide bits that no decoder reads."""
    try:
        return base64url_encode(base64url_decode(part)).decode() == part
    except ValueError:
        return False


def key_id_of(jws: str) -> str:
    """Return the id of the key that a JWS names, not verified; empty where it names none."""
    try:
        return str(_header(jws).get("kid", ""))
    except NotSignedError:
        return ""


def digest(jws: str) -> str:
    """Return the SHA-256 of a JWS as it is written, in hexadecimal."""
    return hashlib.sha256(jws.encode()).hexdigest()


def configured_keys() -> Keys:
    """Return the public halves that the environment names: trusted whatever the database says."""
    return {thumbprint(public): public for public in (public_half(*entry) for entry in settings.SIGNING_KEYS)}


def known_keys() -> list[KnownKey]:
    """Return every key that signed anything, and those that are configured; the current one first, then the newest."""
    used = {bytes(key.public_key): key.first_used_at for key in SigningKey.objects.order_by("-first_used_at")}
    configured = list(configured_keys().values())
    public = dict.fromkeys([configured[0], *used, *configured])
    return [KnownKey(one, used.get(one), one == configured[0]) for one in public]


def jwk_set() -> dict[str, object]:
    """Return all known keys as a JWK set (RFC 7517)."""
    return {"keys": [key.as_jwk() for key in known_keys()]}


def keys_of(jwks: dict[str, Any]) -> Keys:
    """Return the Ed25519 keys of a JWK set that somebody kept, by their own thumbprints. Raises `ValueError`."""
    try:
        public = [base64url_decode(jwk["x"]) for jwk in jwks["keys"] if jwk.get("crv") == "Ed25519"]
        return {thumbprint(one): one for one in public}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("the keys are no JWK set") from error
