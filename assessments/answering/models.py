"""Answers: immutable once their assessment was released to the factory; a correction is a new version."""

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from assessments.questionnaires.models import Question
from assessments.visits.models import Assessment
from portal.accounts.roles import Visitor
from sharing.scopes import rule_of

# The states in which answers are final: they were released to the factory.
RELEASED = ("factory_review", "published", "superseded", "withdrawn")
ANSWER_IS_FINAL = """
IF EXISTS (
    SELECT 1 FROM assessments_assessment a
    WHERE a.id IN (OLD.assessment_id, NEW.assessment_id)
        AND a.state IN ('factory_review', 'published', 'superseded', 'withdrawn')
) THEN
    RAISE EXCEPTION 'Answers of a released assessment cannot change. Make a new version.'
        USING ERRCODE = 'integrity_constraint_violation';
END IF;
RETURN COALESCE(NEW, OLD);
"""


class AnswerQuerySet(QuerySet["Answer"]):
    """Answers, read only through assessments that a person may read."""

    def visible_to(self, user: Visitor, scope: str) -> "AnswerQuerySet":
        """Return the answers that `user` may read in `scope`. Raises `ValueError` for an unknown scope."""
        answers = self.filter(assessment__in=Assessment.objects.visible_to(user, scope).values("pk"))
        return answers.filter(rule_of(scope).answers())


class Answer(models.Model):
    """The finding on one question of one assessment. Unanswered questions have no row, and are not compliant."""

    class Finding(models.TextChoices):
        NC = "nc", _("Non-compliance")
        COMPLIANT = "compliant", _("Compliant")
        NOT_APPLICABLE = "not_applicable", _("Not applicable")
        NOT_ASSESSED = "not_assessed", _("Not assessed")
        NC_NATIONAL_LAW = "nc_national_law", _("Non-compliance due to national law")
        INFO = "info", _("Information")

    class Provenance(models.TextChoices):
        ON_SITE = "on_site", _("Assessed on site")
        VIRTUAL = "virtual", _("Assessed virtually")
        SELF_ASSESSED = "self_assessed", _("Self-assessed, not verified")

    NON_COMPLIANT: ClassVar = (Finding.NC, Finding.NC_NATIONAL_LAW)

    # The unique constraint below indexes it.
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="answers", db_index=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    finding = models.CharField(max_length=16, choices=Finding.choices)
    value = models.TextField(blank=True)
    note = models.TextField(blank=True)
    provenance = models.CharField(max_length=14, choices=Provenance.choices, default=Provenance.ON_SITE)

    # The finding's own tags where they differ from the question's; else NULL, which takes no space in a row.
    tags = ArrayField(models.CharField(max_length=60), null=True, blank=True)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "question"], name="assessments_answer_once"),
            models.CheckConstraint(
                condition=Q(
                    finding__in=["nc", "compliant", "not_applicable", "not_assessed", "nc_national_law", "info"]
                ),
                name="assessments_answer_finding",
            ),
            models.CheckConstraint(
                condition=Q(provenance__in=["on_site", "virtual", "self_assessed"]),
                name="assessments_answer_provenance",
            ),
        ]
        indexes = [
            models.Index(fields=["question", "assessment"], name="assessments_answer_nc", condition=Q(finding="nc"))
        ]
        triggers = [
            pgtrigger.Trigger(
                name="released_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=pgtrigger.Func(ANSWER_IS_FINAL),
            ),
            pgtrigger.Trigger(
                name="released_gets_no_more",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="added"),
                func=pgtrigger.Func(
                    """
                    IF EXISTS (
                        SELECT 1 FROM assessments_assessment a
                        WHERE a.id IN (SELECT DISTINCT assessment_id FROM added)
                            AND a.state IN ('factory_review', 'published', 'superseded', 'withdrawn')
                    ) THEN
                        RAISE EXCEPTION 'Answers of a released assessment cannot change. Make a new version.'
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NULL;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"Answer {self.pk}"
