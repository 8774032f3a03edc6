"""Questionnaire versions: imported from files, immutable once an assessment uses them."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from factories.models import CountryProgramme
from portal.core.triggers import columns_are_final

PUBLIC_TAG = "Public Disclosure"
# The usual clusters of the Compliance Assessment Tool, to choose from in filters: always the same, so that the choices
# do not reveal that a questionnaire was imported or used. Questionnaires may have others.
USUAL_CLUSTERS = {
    "Child Labour": _("Child Labour"),
    "Discrimination": _("Discrimination"),
    "Forced Labour": _("Forced Labour"),
    "Freedom of Association and Collective Bargaining": _("Freedom of Association and Collective Bargaining"),
    "Compensation": _("Compensation"),
    "Contracts and Human Resources": _("Contracts and Human Resources"),
    "Occupational Safety and Health": _("Occupational Safety and Health"),
    "Working Time": _("Working Time"),
}
ZERO_TOLERANCE_TAG = "Zero Tolerance"

TOOL_IN_USE = """
IF EXISTS (
    SELECT 1 FROM assessments_tool t WHERE t.id = {tool} AND t.used_at IS NOT NULL
) THEN
    RAISE EXCEPTION 'This questionnaire version is in use and cannot change. Import a new version.'
        USING ERRCODE = 'integrity_constraint_violation';
END IF;
RETURN COALESCE(NEW, OLD);
"""


def _tool_in_use(tool: str) -> pgtrigger.Trigger:
    """Return a trigger that refuses any change to a part of a questionnaire in use; `tool` is the SQL of its id."""
    return pgtrigger.Trigger(
        name="tool_in_use",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=pgtrigger.Func(TOOL_IN_USE.replace("{tool}", tool)),
    )


class Tool(models.Model):
    """One version of a questionnaire. `name` is the value of "Questionnaire" in the long table."""

    class Kind(models.TextChoices):
        CAT = "CAT", _("Compliance Assessment Tool")
        CAF = "CAF", _("SLCP data collection tool")

    kind = models.CharField(_("kind"), max_length=3, choices=Kind.choices, default=Kind.CAT)
    programme = models.ForeignKey(
        CountryProgramme, null=True, blank=True, on_delete=models.PROTECT, related_name="tools"
    )
    name = models.CharField(_("name"), max_length=150, unique=True)
    version = models.CharField(_("version"), max_length=40, blank=True)
    language = models.CharField(
        _("language of the questions"), max_length=3, choices=settings.REPORT_LANGUAGES, default="en", db_default="en"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(kind__in=["CAT", "CAF"]), name="assessments_tool_kind")]
        triggers = [
            columns_are_final(
                "final_once_used",
                ["kind", "programme_id", "name", "version", "language", "used_at"],
                "This questionnaire version is in use and cannot change. Import a new version.",
                condition=pgtrigger.Q(old__used_at__isnull=False),
            )
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Cluster(models.Model):
    """A part of a questionnaire: one of the eight areas, or a section of the SLCP tool."""

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="clusters")
    name = models.CharField(max_length=150)
    order = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tool", "name"], name="assessments_cluster_once")]
        ordering = ["order", "pk"]
        triggers = [_tool_in_use("COALESCE(NEW.tool_id, OLD.tool_id)")]

    def __str__(self) -> str:
        return self.name


class CompliancePoint(models.Model):
    """A topic inside a cluster; non-compliant when any applicable question in it is (R22)."""

    cluster = models.ForeignKey(Cluster, on_delete=models.CASCADE, related_name="compliance_points")
    name = models.CharField(max_length=200)
    order = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cluster", "name"], name="assessments_cp_once")]
        ordering = ["order", "pk"]
        triggers = [
            _tool_in_use(
                "(SELECT c.tool_id FROM assessments_cluster c WHERE c.id = COALESCE(NEW.cluster_id, OLD.cluster_id))"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Question(models.Model):
    """One question of a questionnaire version. Its key is (tool, ext_id); ids change between versions.

    `step` is the SLCP Step (1-3), empty for Better Work's own questions (R21); `reference` is the SLCP
    reference id and is never shown to a brand. `condition` says when the question is asked (`conditions`). An answer
    that is a choice is one of `options`, as they are written there.
    """

    class Type(models.TextChoices):
        NC = "NC", _("Compliance question")
        FGW = "FGW", _("For general information")

    class AnswerType(models.TextChoices):
        FINDING = "finding", _("Finding")
        YES_NO = "yes_no", _("Yes or no")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        CHOICE = "choice", _("One of the options")
        TEXT = "text", _("Text")

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="questions")
    compliance_point = models.ForeignKey(CompliancePoint, on_delete=models.CASCADE, related_name="questions")
    ext_id = models.CharField(max_length=40)
    label = models.CharField(max_length=1000)
    type = models.CharField(max_length=3, choices=Type.choices)
    step = models.PositiveSmallIntegerField(null=True, blank=True)
    reference = models.CharField(max_length=40, blank=True)
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    is_public_issue = models.BooleanField(default=False)
    is_zero_tolerance = models.BooleanField(default=False)
    in_vcc = models.BooleanField(default=True)
    condition = models.CharField(max_length=1000, blank=True)
    answer_type = models.CharField(max_length=10, choices=AnswerType.choices, default=AnswerType.FINDING)
    options = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    help_text = models.CharField(max_length=2000, blank=True)
    is_required = models.BooleanField(default=False)
    needs_evidence = models.BooleanField(default=False)
    order = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tool", "ext_id"], name="assessments_question_once"),
            models.CheckConstraint(condition=Q(type__in=["NC", "FGW"]), name="assessments_question_type"),
            models.CheckConstraint(condition=Q(step=None) | Q(step__range=(1, 3)), name="assessments_question_step"),
            # A finding is the answer to a compliance question, and to no other.
            models.CheckConstraint(
                condition=Q(type="NC", answer_type="finding")
                | Q(type="FGW", answer_type__in=["yes_no", "number", "date", "choice", "text"]),
                name="assessments_question_answer_type",
            ),
            models.CheckConstraint(
                condition=Q(answer_type="choice", options__len__gte=2) | ~Q(answer_type="choice") & Q(options=[]),
                name="assessments_question_options",
            ),
        ]
        indexes = [models.Index(fields=["tool", "order"], name="assessments_question_order")]
        ordering = ["order", "pk"]
        triggers = [_tool_in_use("COALESCE(NEW.tool_id, OLD.tool_id)")]

    def __str__(self) -> str:
        return f"{self.ext_id} {self.label}"


class Wording(models.Model):
    """The texts of a questionnaire in another language: names of clusters and points, and questions.

    `words` maps a text of the questionnaire to its translation. It may grow and be corrected while the questionnaire is
    in use: no answer, count or id depends on it.
    """

    tool = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="wordings")
    language = models.CharField(max_length=3, choices=settings.REPORT_LANGUAGES)
    words = models.JSONField(default=dict)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tool", "language"], name="assessments_wording_once")]
        ordering = ["language"]

    def __str__(self) -> str:
        return f"{self.tool_id} {self.language}"


class LegalReference(models.Model):
    """What the law of a country says about a question, from one day on; shown is that of the first day of the visit.

    A questionnaire of all countries has the law of each (the Law Overlay). The law changes while a questionnaire is in
    use, so references are added and ended at any time; `valid_until` is the last day. Those of one question and country
    do not overlap: `legal.put_references` sees to it.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="legal_references")
    programme = models.ForeignKey(CountryProgramme, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "programme", "valid_from"], name="assessments_legalreference_once"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="assessments_legalreference_dates",
            ),
        ]
        ordering = ["valid_from"]

    def __str__(self) -> str:
        return f"{self.question_id} {self.valid_from}"


class Succession(models.Model):
    """What became of the questions of one version in a later one, as a person of the programme has confirmed it.

    Trends and recurrence follow a question across versions only where its succession is reviewed.
    """

    earlier = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="successions")
    later = models.ForeignKey(Tool, on_delete=models.CASCADE, related_name="origins")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["earlier", "later"], name="assessments_succession_once"),
            models.CheckConstraint(condition=~Q(earlier=F("later")), name="assessments_succession_two"),
            models.CheckConstraint(
                condition=Q(reviewed_at=None, reviewed_by=None)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="assessments_succession_reviewed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.earlier_id} -> {self.later_id}"


class SuccessorQuestion(models.Model):
    """A question of the later version that asks what one of the earlier version asked.

    One to one: the same question. Several later ones of one earlier: it was split; several earlier ones of one later:
    they were merged. A later question without a row is new; an earlier one without a row is gone.
    """

    succession = models.ForeignKey(Succession, on_delete=models.CASCADE, related_name="pairs")
    earlier = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")
    later = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["succession", "later", "earlier"], name="assessments_successorquestion_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.earlier_id} -> {self.later_id}"
