"""Django's admin, for the operator alone: it shows rows, and changes almost nothing.

Roles, consent, publication and everything else that has a rule change through services, with an event. Nothing is
added or deleted here.
"""

from django.contrib import admin
from django.http import HttpRequest

from portal.core.models import Event, Job


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that the operator may look at, and nobody changes here."""

    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Return False."""
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Event)
class EventAdmin(ReadOnly):
    """The log."""

    list_display = ("at", "kind", "actor", "factory_id", "brand_id", "programme_id", "subject")
    list_select_related = ("actor",)
    search_fields = ("kind", "subject")
    ordering = ("-id",)


@admin.register(Job)
class JobAdmin(ReadOnly):
    """Jobs and how they ended; no parameters or results."""

    list_display = ("created_at", "kind", "state", "owner", "attempts", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("owner",)
    fields = ("kind", "state", "progress", "total", "owner", "attempts", "created_at", "started_at", "finished_at")
    ordering = ("-created_at",)
