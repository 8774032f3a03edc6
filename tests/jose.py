"""JOSE texts taken apart and put together by hand, without the library with which the portal signs."""

import base64
import json
import re
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENCODED = re.compile(r"\b(?:eyJ|Wy[IJ])[\w-]{8,}")  # base64url of {"... and of ["...


def encode(value: Any) -> str:
    """The base64url of bytes, or of a value as JSON."""
    content = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(part: str) -> Any:
    """The value that a part of a JWS, or a disclosure, holds."""
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def claims_of(jws: str) -> Any:
    """What a compact JWS says, not verified."""
    return decode(jws.split(".")[1])


def said_otherwise(jws: str, **claims: Any) -> str:
    """The JWS with other claims under the same signature."""
    protected, _payload, signature = jws.split(".")
    return f"{protected}.{encode(claims_of(jws) | claims)}.{signature}"


def readable(text: str) -> str:
    """The text with everything in it that is JSON in base64url written out."""
    return ENCODED.sub(lambda found: _written_out(found[0]), text)


def _written_out(part: str) -> str:
    try:
        return json.dumps(decode(part), ensure_ascii=False)
    except ValueError:  # a signature may begin like this, too
        return part


def signed_by(seed: bytes, payload: Any, **header: str) -> str:
    """A compact JWS that the Ed25519 key of this seed signed, with any header."""
    signed = f"{encode(header)}.{encode(payload)}"
    return f"{signed}.{encode(Ed25519PrivateKey.from_private_bytes(seed).sign(signed.encode()))}"
