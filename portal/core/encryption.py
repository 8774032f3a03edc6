"""Encryption that only this portal can undo, with keys derived from `SECRET_KEY`, a different one for each purpose.

Encryption uses the current key; what an older key of `SECRET_KEY_FALLBACKS` encrypted can still be read. Django's own
signatures (links, sessions) follow the same two settings.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def box(purpose: str) -> MultiFernet:
    """Return the box of this purpose: it encrypts with the current key and decrypts with any configured key."""
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
