"""Copies of reports: one file for one reader."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assessments.visits.models import Assessment, opened_for_row
from brands.models import Brand
from portal.accounts.roles import Visitor
from portal.core.models import Job
from sharing import access
from sharing.copies.formats import Format
from sharing.models import Scope
from sharing.scopes import ASSESSMENT_SCOPES


class ReportCopyQuerySet(QuerySet["ReportCopy"]):
    """Report files: each belongs to the person who ordered it, as long as they may read its contents."""

    def visible_to(self, user: Visitor) -> "ReportCopyQuerySet":
        """Return the user's own copies that they may read now, on the side for which they were made.

        A revoke hides the file on the next query; so does a change of sides, whatever the person may read on the new
        one.
        """
        own = Assessment.objects.own_of(user).filter(pk=OuterRef("assessment"))
        worked_on = Assessment.objects.worked_on_by(user).filter(pk=OuterRef("assessment"))
        readable = Q(Exists(own), side="own_factory") | Q(Exists(worked_on), side="staff")
        for scope in access.ASSESSMENT_SCOPES:
            granted = Q(opened_for_row(user, "assessment", [scope]), assessment__state__in=access.OPEN_TO_BRANDS)
            readable |= granted & Q(side="grant", scope=scope)
        return self.filter(readable, reader_id=user.pk or 0, reader__is_active=True)


class ReportCopy(models.Model):
    """One file made for one reader: its number is printed on every page, and in who-saw-what when it is downloaded.

    The file is made by a job; `file` is its name in private storage, empty until it is there. `side` is what gave its
    reader access to the report when it was ordered, in the words of `sharing.access.decide`; the file is handed over on
    that side only. It is empty for copies for which it was not recorded.
    """

    class Side(models.TextChoices):
        OWN_FACTORY = "own_factory", _("Factory")
        GRANT = "grant", _("Brand")
        STAFF = "staff", _("The programme's staff")

    Format = Format

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True)
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="copies")
    scope = models.CharField(max_length=20, choices=Scope.choices)
    language = models.CharField(max_length=8)
    format = models.CharField(max_length=4, choices=Format.choices)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="report_copy")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=12, blank=True, choices=Side.choices)
    file = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReportCopyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "report copies"
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=ASSESSMENT_SCOPES), name="assessments_copy_scope"),
            models.CheckConstraint(
                condition=Q(format__in=["pdf", "xlsx", "json", "csv"]), name="assessments_copy_format"
            ),
            models.CheckConstraint(
                condition=Q(side="grant", brand__isnull=False) | Q(side__in=["own_factory", "staff", ""], brand=None),
                name="assessments_copy_side",
            ),
        ]
        indexes = [models.Index(fields=["reader", "-created_at"], name="assessments_copy_reader")]

    def __str__(self) -> str:
        return f"{self.format} {self.number}"
