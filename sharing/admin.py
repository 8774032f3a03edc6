"""Consent in Django's admin: shown to the operator, changed by factories alone."""

from django.contrib import admin

from portal.core.admin import ReadOnly
from sharing.models import AccessRecord, SharingGrant


@admin.register(SharingGrant)
class SharingGrantAdmin(ReadOnly):
    """Grants, including past ones."""

    list_display = ("factory", "brand", "scope", "cycles", "valid_from", "expires_at", "ended_at")
    list_select_related = ("factory", "brand")
    list_filter = ("scope",)
    search_fields = ("factory__name", "brand__name")
    ordering = ("-created_at",)


@admin.register(AccessRecord)
class AccessRecordAdmin(ReadOnly):
    """The records of who saw what."""

    list_display = ("at", "person", "brand", "factory", "cycle", "version", "scope", "action")
    list_select_related = ("person", "brand", "factory")
    list_filter = ("action", "scope")
    ordering = ("-id",)
