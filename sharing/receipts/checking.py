"""The check of a receipt that somebody brings: is it signed by us, is it unaltered, did we issue it.

The answer says nothing beyond what the document itself says: not whether the access is in force, nor anything about
other receipts. A number alone gets the same answer whether it exists or not.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hmac import compare_digest

from django.conf import settings

from portal.core.days import UTC_DAYS, shown_in
from portal.core.signing import KnownKey, NotSignedError, Refusal, key_id_of, known_keys, verified
from portal.core.strict_json import AmbiguousJsonError, read_strictly
from sharing.models import Receipt
from sharing.receipts.disclosures import NotDisclosedError, disclosed_by
from sharing.receipts.document import facts, fingerprint, sentence
from sharing.receipts.numbers import normalised
from sharing.receipts.payload import KNOWN_VERSIONS, TYPE
from sharing.receipts.proof import sealed_on

LONGEST = 64 * 1024
SIGNED = ("protected", "payload", "signature")
MEMBERS = {*SIGNED, "header"}
HEADER = {"disclosures", "inclusion_proof"}


class Outcome(StrEnum):
    """The outcome of a check."""

    VALID = "valid"
    NOT_ISSUED = "not_issued"
    NUMBER = "number"
    UNREADABLE = "unreadable"
    NO_RECEIPT = "no_receipt"
    ALGORITHM = "algorithm"
    UNKNOWN_KEY = "unknown_key"
    ALTERED = "altered"
    DISCLOSED_ALTERED = "disclosed_altered"
    PROOF_ALTERED = "proof_altered"


REFUSED = {
    Refusal.MALFORMED: Outcome.UNREADABLE,
    Refusal.ALGORITHM: Outcome.ALGORITHM,
    Refusal.TYPE: Outcome.NO_RECEIPT,
    Refusal.UNKNOWN_KEY: Outcome.UNKNOWN_KEY,
    Refusal.SIGNATURE: Outcome.ALTERED,
}


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
    """Check the text of a receipt: an SD-JWT in its JSON form."""
    if normalised(text):
        return Checked(Outcome.NUMBER)
    try:
        document = read_strictly(text)
        jws, header = ".".join(document[name] for name in SIGNED), document.get("header", {})
        unsigned = {*document} - MEMBERS | {*header} - HEADER
    except (AmbiguousJsonError, KeyError, TypeError, AttributeError):
        return Checked(Outcome.UNREADABLE)
    if unsigned or not isinstance(header, dict):
        return Checked(Outcome.NO_RECEIPT)
    return _check(jws, header)


def _check(jws: str, header: dict[str, object]) -> Checked:
    """Check a signed receipt and what its header adds to it."""
    known = {key.key_id: key for key in known_keys()}
    keys = {key_id: key.public_key for key_id, key in known.items()}
    try:
        payload = verified(TYPE, jws, keys)
    except NotSignedError as error:
        return Checked(REFUSED[error.refusal])
    if payload["version"] not in KNOWN_VERSIONS:
        return Checked(Outcome.NO_RECEIPT)
    number, key = payload["jti"], known[key_id_of(jws)]
    try:
        disclosed = disclosed_by(header.get("disclosures", []), payload)
    except NotDisclosedError:
        return Checked(Outcome.DISCLOSED_ALTERED, number, key)
    sealed = None
    if "inclusion_proof" in header:
        sealed = sealed_on(number, jws, header["inclusion_proof"], keys)
        if sealed is None:
            return Checked(Outcome.PROOF_ALTERED, number, key)
    issued = Receipt.objects.filter(number=number, jws=jws).select_related("factory").first()
    outcome = Outcome.VALID if issued else Outcome.NOT_ISSUED
    issued_at = datetime.fromisoformat(payload["issued_at"])
    with shown_in(issued.factory if issued else UTC_DAYS):  # as on its page: what is signed is in UTC
        said = sentence(payload, disclosed), facts(payload, disclosed)
    return Checked(outcome, number, key, *said, issued_at, sealed)


class CodeOutcome(StrEnum):
    """The outcome of a check of a receipt's code."""

    ISSUED = "issued"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"


def check_code(origin: str, number: str, given: str) -> CodeOutcome:
    """Check a code: whose address it names, and whether we issued a receipt with this number and fingerprint.

    A portal that moved still accepts the address under which it signed the receipt.
    """
    receipt = _issued(number, given)
    if origin not in {settings.BASE_URL, receipt.payload["iss"] if receipt else settings.BASE_URL}:
        return CodeOutcome.ELSEWHERE
    return CodeOutcome.ISSUED if receipt else CodeOutcome.UNKNOWN


def _issued(number: str, given: str) -> Receipt | None:
    receipt = Receipt.objects.filter(number=normalised(number)).only("jws", "payload").first()
    known = fingerprint(receipt.jws if receipt else "").encode()
    return receipt if compare_digest(known, given.lower()[:32].encode(errors="replace")) else None
