"""Who saw what: the lines of the log that a factory reads."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from brands.models import Brand
from factories.models import Factory
from sharing.querysets import AccessRecordQuerySet
from sharing.scopes import Scope


class AccessRecord(models.Model):
    """Who saw what: one row for each opening, download, API read or export of a factory's data. Append-only.

    The assessment is named by its id, cycle and version, not by a foreign key: this layer is below assessments.
    """

    class Action(models.TextChoices):
        VIEW = "view", _("Opened")
        DOWNLOAD = "download", _("Downloaded")
        API = "api", _("Read by API")
        EXPORT = "export", _("Exported")

    at = models.DateTimeField(auto_now_add=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    factory = models.ForeignKey(Factory, on_delete=models.PROTECT, related_name="+")
    assessment_id = models.UUIDField()
    cycle = models.PositiveSmallIntegerField()
    version = models.PositiveSmallIntegerField()
    scope = models.CharField(max_length=20, choices=Scope.choices)
    action = models.CharField(max_length=10, choices=Action.choices)
    copy_number = models.BigIntegerField(null=True)
    # Staff read it before it was released to the factory: the factory must not learn of it this way (R47).
    is_before_release = models.BooleanField(default=False, db_default=False)

    # Newest first: what every list and export of them is ordered by.
    ORDER = ("-at", "-id")

    objects = AccessRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["factory", "-at", "-id"], name="sharing_access_factory_at"),
            models.Index(fields=["brand", "-at", "-id"], name="sharing_access_brand_at"),
            models.Index(fields=["factory", "person", "-at", "-id"], name="sharing_access_person"),
            models.Index(fields=["factory", "brand", "scope", "-at"], name="sharing_access_last"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.scope} {self.assessment_id}"
