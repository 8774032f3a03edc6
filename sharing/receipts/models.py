"""Receipts, which both sides keep of each grant, change and end of one."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from brands.models import Brand, own_brand_keys
from factories.models import Factory, keys_inside
from portal.accounts.roles import Visitor
from portal.core.conditions import ExistsRowByRow
from portal.core.signing import key_id_of
from sharing.grants.ends import End
from sharing.grants.models import SharingGrant
from sharing.receipts.disclosures import end_code_of
from sharing.scopes import Scope


class ReceiptQuerySet(QuerySet["Receipt"]):
    """Receipts."""

    def visible_to(self, user: Visitor) -> "ReceiptQuerySet":
        """Return the receipts of the grants that `user` sees.

        A factory's people and its country's staff see all of its receipts, a brand its own. Both sides keep theirs when
        the access has ended.

        PostgreSQL first looks whose receipt it is, and asks about the grant for those alone: all grants that somebody
        sees are never collected.
        """
        of_theirs = Q(factory__in=keys_inside(user)) | Q(brand__in=own_brand_keys(user))
        grants = SharingGrant.objects.visible_to(user)
        return self.filter(of_theirs, ExistsRowByRow(grants.filter(pk=OuterRef("grant"))))


class Receipt(models.Model):
    """One signed, numbered statement of what was agreed or ended. Append-only, sealed by the ledger.

    `jws` is what was signed, the same for both sides, and `payload` its claims. `disclosed` holds what only the
    factory's side may know, each with its salt; the payload holds its hash, so that the factory can prove it and nobody
    can guess it.
    """

    class Kind(models.TextChoices):
        GRANTED = "granted", _("Access granted")
        PROPOSED = "proposed", _("Access decided, to be confirmed")
        CONFIRMED = "confirmed", _("Access confirmed")
        CHANGED = "changed", _("Access changed")
        ENDED = "ended", _("Access ended")
        EXPIRED = "expired", _("Access expired")

    number = models.CharField(max_length=19, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    grant = models.ForeignKey(SharingGrant, on_delete=models.PROTECT, related_name="receipts")
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    payload = models.JSONField()
    disclosed = models.JSONField()
    jws = models.TextField()
    issued_at = models.DateTimeField()

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["granted", "proposed", "confirmed", "changed", "ended", "expired"]),
                name="sharing_receipt_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["factory", "-id"], name="sharing_receipt_factory"),
            models.Index(fields=["brand", "-id"], name="sharing_receipt_brand"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.number

    @property
    def what_happened(self) -> str:
        """What happened, in words: terms that others replaced, or that were undone, are no end of the access."""
        ends = {End.CHANGED: _("Earlier terms replaced"), End.UNDONE: _("Decision undone")}
        code = end_code_of(self.disclosed) if self.kind == self.Kind.ENDED else ""
        return str(ends[End(code)] if code in ends else self.get_kind_display())

    @property
    def key_id(self) -> str:
        """The id of the key that signed it."""
        return key_id_of(self.jws)

    @property
    def signature(self) -> str:
        """The signature alone, in base64url."""
        return self.jws.rpartition(".")[2]

    @property
    def scope_label(self) -> str:
        """The scope it is about, as it was signed."""
        return str(Scope(self.payload["terms"]["scope"]).label)
