"""Secrets of endpoints, and the signatures made with them (Standard Webhooks, v1: HMAC-SHA256).

They must be readable to sign, so they are encrypted with a key derived from `SECRET_KEY`: with a copy of the database
alone nothing can be forged (`portal.core.encryption`). After a change of that key: `manage.py reencrypt_secrets`.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import InvalidToken

from portal.core.encryption import box

PURPOSE = "portal.notices.webhooks"
PREFIX = "whsec_"
BYTES = 32


def new_secret() -> str:
    """Return a fresh secret as it is shown, once: `whsec_...`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def lock(secret: str) -> str:
    """Return the secret as it is stored."""
    return box(PURPOSE).encrypt(secret.encode()).decode()


def unlock(stored: str) -> str | None:
    """Return the secret that was stored, or None when it was written under a key that is gone."""
    try:
        return box(PURPOSE).decrypt(stored.encode()).decode()
    except InvalidToken:
        return None


def locked_again(stored: str) -> str | None:
    """Return the stored secret under the current `SECRET_KEY`, or None when it was written under a key that is gone."""
    secret = unlock(stored)
    return None if secret is None else lock(secret)


def signatures(*, message_id: str, timestamp: int, body: bytes, using: Sequence[str]) -> str:
    """Return the value of `webhook-signature`: one for each secret, with spaces between."""
    signed = b".".join([message_id.encode(), str(timestamp).encode(), body])
    return " ".join(f"v1,{_sign(signed, secret)}" for secret in using)


def _sign(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
