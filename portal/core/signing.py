"""Signatures that anybody can check: Ed25519 over a document's canonical form (`portal.core.canonical`).

The private keys are in the setting `SIGNING_KEYS`, the current one first; what they signed names its key. Each key's
public half is stored in the database from its first use on, so that what a retired key signed still verifies, and is
published (`/.well-known/portal-keys.json`). A document states in its own `type` what it is, so that a seal can never
be mistaken for a receipt.
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from portal.core.canonical import canonical
from portal.core.models import SigningKey


@dataclass(frozen=True)
class Signed:
    """The signature beside a signed document, and its key."""

    key_id: str
    signature: str  # base64


@dataclass(frozen=True)
class KnownKey:
    """A key that verifies: in use, or retired. `first_used_at` is empty for one that has signed nothing yet."""

    key_id: str
    public_key: bytes
    first_used_at: datetime | None
    is_current: bool

    @property
    def public_text(self) -> str:
        """The public key in base64."""
        return base64.b64encode(self.public_key).decode()

    def described(self) -> dict[str, object]:
        """Return the key as it is published."""
        return {
            "key_id": self.key_id,
            "algorithm": "Ed25519",
            "public_key": self.public_text,
            "first_used_at": self.first_used_at.isoformat() if self.first_used_at else None,
            "current": self.is_current,
        }


@cache
def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def sign(document: object) -> Signed:
    """Sign with the current key; its public half is stored at its first use, in the same transaction.

    Raises `ImproperlyConfigured` when the key's id was used before for another key.
    """
    return sign_all([document])[0]


def sign_all(documents: Iterable[object]) -> list[Signed]:
    """Sign many, each by itself."""
    key_id, _kind, seed = settings.SIGNING_KEYS[0]
    _keep(key_id, public_half("private", seed))
    key = _private(seed)
    return [Signed(key_id, base64.b64encode(key.sign(canonical(document))).decode()) for document in documents]


def public_half(kind: str, secret: bytes) -> bytes:
    """Return the 32 bytes of a configured key that may be published."""
    return secret if kind == "public" else _private(secret).public_key().public_bytes_raw()


def _keep(key_id: str, public_key: bytes) -> None:
    kept = SigningKey.objects.filter(pk=key_id).first()
    if kept is None:
        SigningKey.objects.bulk_create([SigningKey(key_id=key_id, public_key=public_key)], ignore_conflicts=True)
    elif bytes(kept.public_key) != public_key:
        raise ImproperlyConfigured(
            f"SIGNING_KEYS: {key_id} was the id of another key. Give the new one an id of its own."
        )


def is_signed_by(public_key: bytes, document: object, signature: str) -> bool:
    """Return whether the signature is this key's, over this document."""
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, canonical(document))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def configured_keys() -> dict[str, bytes]:
    """Return the public halves that the environment names: trusted whatever the database says."""
    return {key_id: public_half(kind, secret) for key_id, kind, secret in settings.SIGNING_KEYS}


def known_keys() -> list[KnownKey]:
    """Return every key that signed anything, and those that are configured; the current one first, then the newest."""
    kept = {key.key_id: key for key in SigningKey.objects.order_by("-first_used_at")}
    public = {key_id: bytes(key.public_key) for key_id, key in kept.items()} | configured_keys()
    current = settings.SIGNING_KEYS[0][0]
    names = sorted(public, key=lambda key_id: (key_id != current, key_id not in kept))
    return [
        KnownKey(key_id, public[key_id], kept[key_id].first_used_at if key_id in kept else None, key_id == current)
        for key_id in names
    ]
