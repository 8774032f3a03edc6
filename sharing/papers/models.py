"""Signed forms behind grants that staff recorded."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from factories.models import Factory, keys_inside
from portal.accounts.roles import Visitor


class PaperConsentQuerySet(QuerySet["PaperConsent"]):
    """Signed forms."""

    def visible_to(self, user: Visitor) -> "PaperConsentQuerySet":
        """Return those visible to `user`: a factory's people and its country's staff see them, no brand does."""
        return self.filter(factory__in=keys_inside(user))


class PaperConsent(models.Model):
    """A factory's consent on signed paper: the scan (its name in private storage, its kind and digest) and who signed.

    The grants made from it name its `document`. Append-only.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="+")
    document = models.CharField(max_length=200, unique=True)
    content_type = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    signed_by = models.CharField(_("signed by"), max_length=200)
    signed_on = models.DateField(_("signed on"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = PaperConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(content_type__in=["application/pdf", "image/jpeg", "image/png"]),
                name="sharing_paperconsent_kind",
            ),
        ]
        indexes = [models.Index(fields=["factory", "-recorded_at"], name="sharing_paperconsent_factory")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.pk)
