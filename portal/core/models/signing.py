"""The public halves of the keys that signed receipts and seals."""

import pgtrigger
from django.db import models


class SigningKey(models.Model):
    """A key that signed something: kept for good, so that what a retired key signed still verifies. Append-only.

    `key_id` is its thumbprint (RFC 7638).
    """

    key_id = models.CharField(primary_key=True, max_length=43)
    public_key = models.BinaryField(max_length=32)
    first_used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.key_id
