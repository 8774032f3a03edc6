"""Sheets, their entries, and the mutations that made them."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from assessments.questionnaires.models import Question, Tool
from factories.models import CountryProgramme
from portal.core.triggers import columns_are_final


class AnswerSheet(models.Model):
    """A questionnaire that is being filled in. `kind` names what it belongs to (`kinds.SheetKind`).

    `programme` and `law_on` say which country's law, of which day, is shown beside the questions. `is_remote`: only the
    questions of the Virtual Compliance Check are asked (R23).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    tool = models.ForeignKey(Tool, on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="+")
    law_on = models.DateField()
    is_remote = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        triggers = [
            columns_are_final("sheet_is_final", ["kind", "tool_id", "programme_id"], "A sheet keeps its questionnaire.")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Field(models.TextChoices):
    """The parts of an answer, each of which is changed on its own."""

    VALUE = "value", _("Answer")
    NOTE = "note", _("Note")
    EVIDENCE_ON = "evidence_on", _("Date of evidence")


class Entry(models.Model):
    """One part of the answer to one question: what the sheet has now, and how often it was changed."""

    sheet = models.ForeignKey(AnswerSheet, on_delete=models.CASCADE, related_name="entries", db_index=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+", db_index=False)
    field = models.CharField(max_length=11, choices=Field.choices)
    text = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "question", "field"], name="assessments_entry_once"),
            models.CheckConstraint(
                condition=Q(field__in=["value", "note", "evidence_on"]), name="assessments_entry_field"
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="assessments_entry_revision"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id} {self.question_id} {self.field}"


class Mutation(models.Model):
    """A change that a device sent, and what became of it: never changed, and its number used once.

    `base` is the revision of the entry that the person saw; 0: none. `made_at` is what the device's clock said, which
    may be wrong: the order of things is that of `received_at`. `resolves` is the conflict that it decides.
    """

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("Saved")
        SAME = "same", _("No change")
        CONFLICT = "conflict", _("Changed by somebody else")

    id = models.UUIDField(primary_key=True)
    sheet = models.ForeignKey(AnswerSheet, on_delete=models.PROTECT, related_name="mutations")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+", db_index=False)
    field = models.CharField(max_length=11, choices=Field.choices)
    text = models.TextField(blank=True)
    base = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    resolves = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="resolved_by")
    device = models.UUIDField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["applied", "same", "conflict"]), name="assessments_mutation_outcome"
            ),
            models.CheckConstraint(
                condition=Q(field__in=["value", "note", "evidence_on"]), name="assessments_mutation_field"
            ),
            models.CheckConstraint(condition=~Q(resolves=F("id")), name="assessments_mutation_resolves"),
        ]
        triggers = [pgtrigger.Protect(name="mutation_is_kept", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.pk)
