"""The verification of every receipt that the portal issued, for `manage.py verify_ledger`.

Whoever can write to the database can add a row that looks like a receipt; only the portal's key makes one. So each
signature is verified with a trusted key, and the columns, by which receipts are found and grants are compared, must
say what was signed.
"""

from collections.abc import Iterator

from portal.core.signing import Keys
from portal.ledger.checks import Problem, wrong_signature
from sharing.models import Receipt
from sharing.receipts.disclosures import hashes_of
from sharing.receipts.payload import KNOWN_VERSIONS, TYPE, in_utc

AT_ONCE = 500


def verify_receipts(keys: Keys) -> Iterator[Problem]:
    """Yield each receipt that is not signed by us, or whose row differs from what was signed."""
    for receipt in Receipt.objects.order_by("pk").iterator(chunk_size=AT_ONCE):
        if found := _wrong(receipt, keys):
            yield Problem(Receipt._meta.db_table, receipt.number, found)


def _wrong(receipt: Receipt, keys: Keys) -> str:
    payload, unsigned = receipt.payload, "nobody signed it: its signature does not fit"
    if found := wrong_signature(TYPE, receipt.jws, payload, keys, unsigned):
        return found
    try:
        if payload["version"] not in KNOWN_VERSIONS:
            return "what was signed is no receipt"
        for name, said, signed in _columns(receipt):
            if said != signed:
                return f"its {name} is not what was signed"
        hashes = hashes_of(receipt.disclosed)
    except (KeyError, TypeError, ValueError, AttributeError):
        return "what was signed is no receipt"
    return "" if hashes == payload["_sd"] else "what it discloses is not what was signed"


def _columns(receipt: Receipt) -> Iterator[tuple[str, object, object]]:
    """Yield each column that repeats something signed: its name, what it says and what was signed."""
    payload = receipt.payload
    yield "number", receipt.number, payload["jti"]
    yield "kind", receipt.kind, payload["kind"]
    yield "grant", str(receipt.grant_id), payload["grant"]
    yield "factory", receipt.factory_id, payload["factory"]["id"]
    yield "brand", receipt.brand_id, payload["brand"]["id"]
    yield "issued_at", in_utc(receipt.issued_at), payload["issued_at"]
