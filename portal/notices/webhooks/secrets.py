"""Secrets of endpoints, and the signatures made with them (Standard Webhooks, v1: HMAC-SHA256).

They must be readable to sign, so they are encrypted with a key derived from `SECRET_KEY`: a copy of the database alone
forges nothing. `SECRET_KEY_FALLBACKS` still read what an older key wrote.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """A fresh secret as it is shown, once: `whsec_...`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def _locks() -> MultiFernet:
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(f"portal.notices.webhooks:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def lock(secret: str) -> str:
    """The secret as it is stored."""
    return _locks().encrypt(secret.encode()).decode()


def unlock(stored: str) -> str | None:
    """The secret that was stored, or None when it was written under a key that is gone."""
    try:
        return _locks().decrypt(stored.encode()).decode()
    except InvalidToken:
        return None


def signatures(*, message_id: str, timestamp: int, body: bytes, using: Sequence[str]) -> str:
    """The value of `webhook-signature`: one for each secret, with spaces between."""
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return " ".join(f"v1,{_sign(signed, secret)}" for secret in using)


def _sign(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
