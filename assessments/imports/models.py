"""An upload of the long table, and its rows while they wait for the import."""

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.models import Job

if TYPE_CHECKING:
    from portal.accounts.roles import Visitor


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    """Uploads, visible to the person who made them and to nobody else."""

    def visible_to(self, user: "Visitor") -> "ImportBatchQuerySet":
        """Return the uploads of `user`; none for an inactive or anonymous visitor."""
        return self.filter(owner_id=user.pk, owner__is_active=True) if user.is_active else self.none()


class ImportBatch(models.Model):
    """One uploaded table. `file` is its name in private storage; `plan` is what the preview shows (see `checks`)."""

    class State(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        REFUSED = "refused", _("Has errors")
        READY = "ready", _("Ready to import")
        APPLYING = "applying", _("Being imported")
        APPLIED = "applied", _("Imported")
        DISCARDED = "discarded", _("Discarded")

    OPEN: ClassVar = (State.CHECKING, State.REFUSED, State.READY)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    file = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    create_missing = models.BooleanField(default=False)
    treat_as_step1 = models.BooleanField(default=True)
    plan = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "-created_at"], name="assessments_import_owner")]

    def __str__(self) -> str:
        return f"{self.file_name} ({self.state})"


class ImportProblem(models.Model):
    """One error in an uploaded table: the row and column as a spreadsheet shows them, and what to do."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField(null=True)
    column = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=200, blank=True)
    sentence = models.JSONField(null=True)  # its code with the values to fill in (`portal.core.tables.texts`)
    message = models.CharField(max_length=600, blank=True, default="")  # of uploads from before there were codes

    class Meta:
        ordering = ["row", "pk"]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.sentence or self.message}"


class CountedType(models.Model):
    """A question type of a country's tables that counts as NC, because somebody with the right to import said so.

    It names the country and not its programme, which may only come with the same import.
    """

    country = models.CharField(max_length=2)
    word = models.CharField(max_length=20)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["country", "word"], name="assessments_countedtype_once")]

    def __str__(self) -> str:
        return f"{self.country} {self.word}"


class Staged(models.Model):
    """Rows of one upload, without a foreign key to it: checking each of a million rows costs more than it is worth."""

    batch_id = models.UUIDField()
    row = models.PositiveIntegerField()  # its first row in the file

    class Meta:
        abstract = True


class ImportVisit(Staged):
    """An assessment as the table describes it, once."""

    pk = models.CompositePrimaryKey("batch_id", "number")
    number = models.PositiveIntegerField()
    quest_id = models.CharField(max_length=40)
    country = models.CharField(max_length=2)
    bw_id = models.CharField(max_length=40)
    factory_name = models.CharField(max_length=200)
    is_obsolete = models.BooleanField()
    cycle = models.PositiveSmallIntegerField()
    start_date = models.DateField()
    questionnaire = models.CharField(max_length=150)
    end_date = models.DateField(null=True)
    mode = models.CharField(max_length=8, blank=True, default="")

    def __str__(self) -> str:
        return self.quest_id


class ImportQuestion(Staged):
    """A question as the table describes it, once for each questionnaire."""

    pk = models.CompositePrimaryKey("batch_id", "number")
    number = models.PositiveIntegerField()
    questionnaire = models.CharField(max_length=150)
    ext_id = models.CharField(max_length=40)
    cluster = models.CharField(max_length=150)
    compliance_point = models.CharField(max_length=200)
    label = models.CharField(max_length=1000)
    type = models.CharField(max_length=3)
    tags = ArrayField(models.CharField(max_length=60))

    def __str__(self) -> str:
        return self.ext_id


class ImportTags(Staged):
    """Tags as rows of the table have them, once."""

    pk = models.CompositePrimaryKey("batch_id", "number")
    number = models.PositiveIntegerField()
    tags = ArrayField(models.CharField(max_length=60))

    def __str__(self) -> str:
        return ";".join(self.tags)


class ImportRow(Staged):
    """A row: which assessment, which question, what was found; `finding` is empty if it was not answered.

    `tags` is the number of its `ImportTags`, or 0 if the table has no such column;
    `source` is empty where it does not say how the question was assessed.
    """

    pk = models.CompositePrimaryKey("batch_id", "visit", "row")
    visit = models.PositiveIntegerField()
    question = models.PositiveIntegerField()
    finding = models.CharField(max_length=16)
    value = models.TextField()
    tags = models.PositiveIntegerField(default=0)
    note = models.TextField(null=True)  # noqa: DJ001 - NULL: the table has no such column
    source = models.CharField(max_length=8, blank=True, default="")

    def __str__(self) -> str:
        return str(self.row)
