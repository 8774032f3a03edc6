"""The sealed ledger: which rows the append-only tables held, signed (`portal.ledger`)."""

import pgtrigger
from django.db import models

from portal.core.signing import digest, key_id_of


class Signed(models.Model):
    """What seals and days have in common: the payload that `jws` signs, and the randomness of its tree. Append-only."""

    payload = models.JSONField()
    nonce = models.BinaryField(max_length=32)
    jws = models.TextField()

    class Meta:
        abstract = True
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    @property
    def digest(self) -> str:
        """The SHA-256 of what was signed, in hexadecimal: the next seal, or day, names it."""
        return digest(self.jws)

    @property
    def root(self) -> str:
        """The root that was signed, in hexadecimal."""
        return str(self.payload["root"])


class LedgerSeal(Signed):
    """One signed root over the rows that were new since the seal before. Append-only.

    `payload` is what `jws` signs; it counts rows and is never published. `head_jws` signs only the root with its day,
    which an inclusion proof shows. The salts and the padding of the tree are derived from `nonce`.
    """

    number = models.PositiveBigIntegerField(primary_key=True)
    head_jws = models.TextField()
    sealed_at = models.DateTimeField()
    # The first transaction that had not begun when the rows were counted.
    snapshot = models.BigIntegerField()

    def __str__(self) -> str:
        return f"Seal {self.number}"

    @property
    def rows(self) -> int:
        """The number of rows that it seals."""
        return sum(entry["rows"] for entry in self.payload["sources"])


class LedgerDay(Signed):
    """One day's published root: over the seals made since the day before, up to `last_seal`. Append-only.

    `payload` is what `jws` signs, and is public. A day without seals has a root like any other.
    """

    day = models.DateField(primary_key=True)
    last_seal = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"Day {self.day}"

    @property
    def key_id(self) -> str:
        """The id of the key that it names."""
        return key_id_of(self.jws)


class LedgerLeaf(models.Model):
    """One sealed row: its table, its id, and the hash of its content. Append-only."""

    pk = models.CompositePrimaryKey("source", "row_id")
    source = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    form = models.PositiveSmallIntegerField()
    hash = models.BinaryField(max_length=32)
    seal_number = models.PositiveBigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["seal_number", "source", "row_id"], name="ledger_leaf_seal")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}"
