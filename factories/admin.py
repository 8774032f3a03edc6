"""Factories and country programmes in Django's admin: shown to the operator, changed on the portal's own pages."""

from django.contrib import admin

from factories.models import CountryProgramme, Factory
from portal.core.admin import ReadOnly


@admin.register(CountryProgramme)
class ProgrammeAdmin(ReadOnly):
    """Programmes."""

    list_display = ("name", "country", "is_global", "enrolment")


@admin.register(Factory)
class FactoryAdmin(ReadOnly):
    """Factories."""

    list_display = ("bw_id", "name", "programme", "enrolment_status", "current_cycle")
    list_select_related = ("programme",)
    list_filter = ("programme", "enrolment_status")
    search_fields = ("bw_id", "name")
    ordering = ("name", "pk")
