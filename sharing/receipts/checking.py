"""The check of a receipt that somebody brings: is it signed by us, is it unaltered, did we issue it.

The answer says nothing beyond what the document itself says: not whether the access is in force, nor anything about
other receipts. A number alone gets the same answer whether it exists or not.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hmac import compare_digest
from typing import Any

from portal.core.canonical import NotCanonicalError, canonical, digest, read_strictly
from portal.core.signing import KnownKey, is_signed_by, known_keys
from sharing.models import Receipt
from sharing.receipts.document import facts, fingerprint, sentence
from sharing.receipts.numbers import normalised
from sharing.receipts.payload import TYPE, VERSION
from sharing.receipts.proof import is_sealed

LONGEST = 64 * 1024
MEMBERS = {"payload", "key_id", "signature", "disclosed", "proof"}


class Outcome(StrEnum):
    """The outcome of a check."""

    VALID = "valid"
    NOT_ISSUED = "not_issued"
    NUMBER = "number"
    UNREADABLE = "unreadable"
    NO_RECEIPT = "no_receipt"
    UNKNOWN_KEY = "unknown_key"
    ALTERED = "altered"
    DISCLOSED_ALTERED = "disclosed_altered"
    PROOF_ALTERED = "proof_altered"


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    What the receipt says (`sentence`, `facts`) is there only for a document that we signed. `sealed_on` is the day of
    the seal that its inclusion proof leads to, where it has one.
    """

    outcome: Outcome
    number: str = ""
    key: KnownKey | None = None
    sentence: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    issued_at: datetime | None = None
    sealed_on: date | None = None

    @property
    def is_valid(self) -> bool:
        """Whether we signed and issued every word of it."""
        return self.outcome is Outcome.VALID


def check_document(text: str) -> Checked:
    """Check the JSON of a receipt."""
    if normalised(text):
        return Checked(Outcome.NUMBER)
    try:
        document = read_strictly(text)
        payload, key_id, signature = document["payload"], document["key_id"], document["signature"]
        disclosed = document.get("disclosed", {})
        canonical(document)
    except (NotCanonicalError, KeyError, TypeError, AttributeError):
        return Checked(Outcome.UNREADABLE)
    if document.keys() - MEMBERS:  # anything beside them is not signed
        return Checked(Outcome.NO_RECEIPT)
    if not _is_receipt(payload) or not isinstance(key_id, str) or not isinstance(signature, str):
        return Checked(Outcome.NO_RECEIPT)
    key = next((key for key in known_keys() if key.key_id == key_id), None)
    if key is None:
        return Checked(Outcome.UNKNOWN_KEY)
    if not is_signed_by(key.public_key, payload, signature):
        return Checked(Outcome.ALTERED, key=key)
    if not _is_disclosed(payload, disclosed):
        return Checked(Outcome.DISCLOSED_ALTERED, payload["number"], key)
    proof = document.get("proof")
    if proof is not None and not is_sealed(payload["number"], signature, proof):
        return Checked(Outcome.PROOF_ALTERED, payload["number"], key)
    issued = Receipt.objects.filter(number=payload["number"], signature=signature).exists()
    return Checked(
        Outcome.VALID if issued else Outcome.NOT_ISSUED,
        payload["number"],
        key,
        sentence(payload),
        facts(payload, disclosed),
        datetime.fromisoformat(payload["issued_at"]),
        date.fromisoformat(proof["sealed"]["payload"]["day"]) if proof else None,
    )


def _is_receipt(payload: Any) -> bool:
    return isinstance(payload, dict) and payload.get("type") == TYPE and payload.get("version") == VERSION


def _is_disclosed(payload: dict[str, Any], disclosed: Any) -> bool:
    """Return whether every disclosed value is the one whose hash was signed."""
    if not isinstance(disclosed, dict):
        return False
    return all(
        isinstance(pair, list) and len(pair) == 2 and payload["withheld"].get(name) == digest(pair)
        for name, pair in disclosed.items()
    )


def is_issued(number: str, given: str) -> bool:
    """Return whether we issued a receipt with this number and signature fingerprint (the QR code's address)."""
    receipt = Receipt.objects.filter(number=normalised(number)).only("signature").first()
    known = fingerprint(receipt.signature if receipt else "").encode()
    return compare_digest(known, given.lower()[:32].encode(errors="replace")) and receipt is not None
