"""The inclusion proof of a receipt in the sealed ledger. It shows the number and the signature from the row."""

from typing import Any

from portal.core.signing import known_keys
from portal.ledger import source_of
from portal.ledger.proving import Proof, is_proven, prove
from sharing.models import Receipt


def proof_of(receipt: Receipt) -> Proof | None:
    """Return the proof of a receipt that the asker is known to see; None while it is not sealed."""
    return prove(source_of(Receipt), receipt.pk)


def is_sealed(number: str, signature: str, proof: Any) -> bool:
    """Return whether a proof that somebody brings proves the receipt with this number and signature."""
    keys = {key.key_id: key.public_key for key in known_keys()}
    return is_proven(source_of(Receipt).shown_leaf((number, signature)), proof, keys)
