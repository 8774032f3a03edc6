"""Boxes that only this portal opens: encryption with keys derived from `SECRET_KEY`, a different one for each purpose.

What is written uses the current key; what an older key of `SECRET_KEY_FALLBACKS` wrote can still be read. Django's own
signatures (links, sessions) follow the same two settings.
"""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def box(purpose: str) -> MultiFernet:
    """Return the box of this purpose: it encrypts with the current key and opens what any configured key wrote."""
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    digests = [hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
