"""Disclosures of an SD-JWT (RFC 9901, section 4.2): claims of which the signed payload holds only salted hashes.

A disclosure is base64url of `[salt, name, value]`. Its hash in the payload's `_sd` proves it, and reveals neither the
name nor the value to anyone who does not have it.
"""

import hashlib
import json
from typing import Any

from jwt.utils import base64url_decode, base64url_encode

# Of each disclosed claim: its salt and its value.
Disclosed = dict[str, list[Any]]
HASH = "sha-256"


class NotDisclosedError(ValueError):
    """The error for a disclosure whose hash is not in the payload, or that occurs twice."""


def end_code_of(disclosed: Disclosed) -> str:
    """Return the code of why access ended; empty where it is not disclosed, or did not end."""
    return str(disclosed.get("end_code", ["", ""])[1])


def disclosures_of(disclosed: Disclosed) -> list[str]:
    """Return the disclosures, as they are passed on; the same values always give the same ones."""
    return [
        base64url_encode(json.dumps([salt, name, value], ensure_ascii=False).encode()).decode()
        for name, (salt, value) in sorted(disclosed.items())
    ]


def hashes_of(disclosed: Disclosed) -> list[str]:
    """Return what the payload holds of them. The hashes are in an order of their own, which reveals no names."""
    return sorted(_hash_of(one) for one in disclosures_of(disclosed))


def _hash_of(disclosure: str) -> str:
    return base64url_encode(hashlib.sha256(disclosure.encode()).digest()).decode()


def disclosed_by(disclosures: object, payload: dict[str, Any]) -> Disclosed:
    """Return what presented disclosures disclose of a signed payload. Raises `NotDisclosedError`."""
    if not isinstance(disclosures, list) or not all(isinstance(one, str) and one.isascii() for one in disclosures):
        raise NotDisclosedError
    if len(set(disclosures)) != len(disclosures) or not {_hash_of(one) for one in disclosures} <= {*payload["_sd"]}:
        raise NotDisclosedError
    found = (json.loads(base64url_decode(one)) for one in disclosures)  # signed by us, so written as above
    return {name: [salt, value] for salt, name, value in found}
