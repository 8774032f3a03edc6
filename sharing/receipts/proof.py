"""The inclusion proof of a receipt in the sealed ledger. It shows the number and the JWS from the row."""

from datetime import date

from portal.core.signing import Keys
from portal.ledger import source_of
from portal.ledger.proving import Proof, prove, proven_day
from sharing.models import Receipt


def proof_of(receipt: Receipt) -> Proof | None:
    """Return the proof of a receipt that the asker is known to see; None while it is not sealed."""
    return prove(source_of(Receipt), receipt.pk)


def sealed_on(number: str, jws: str, proof: object, keys: Keys) -> date | None:
    """Return the day of the seal if a proof that somebody brings proves this receipt; else None."""
    return proven_day(source_of(Receipt).shown_leaf((number, jws)), proof, keys)
