"""Assessments in Django's admin: which there are and in which state, never what was found.

The operator runs the servers and reads nobody's data, so findings, values and notes are left out: they are read only
on the portal's pages, where each reading is recorded.
"""

from django.contrib import admin

from assessments.models import Answer, Assessment, ReportCopy, Tool
from portal.core.admin import ReadOnly


@admin.register(Tool)
class ToolAdmin(ReadOnly):
    """Questionnaire versions."""

    list_display = ("name", "kind", "programme", "version", "used_at")
    list_select_related = ("programme",)
    list_filter = ("kind",)


@admin.register(Assessment)
class AssessmentAdmin(ReadOnly):
    """Assessments."""

    list_display = ("factory", "cycle", "version", "state", "tool", "start_date", "published_at")
    list_select_related = ("factory", "tool")
    list_filter = ("state",)
    search_fields = ("factory__name", "quest_id")
    exclude = ("correction_note", "withdrawn_reason")
    ordering = ("-created_at",)


@admin.register(Answer)
class AnswerAdmin(ReadOnly):
    """Answers: the fact that a question was answered, not how."""

    list_display = ("id", "assessment_id", "question_id", "provenance")
    fields = ("assessment_id", "question_id", "provenance")
    readonly_fields = fields
    ordering = ("-id",)


@admin.register(ReportCopy)
class ReportCopyAdmin(ReadOnly):
    """Copies of reports by their number, without the location of the file."""

    list_display = ("number", "format", "scope", "language", "reader", "brand", "created_at")
    list_select_related = ("reader", "brand")
    exclude = ("file",)
    ordering = ("-number",)
