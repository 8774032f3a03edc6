"""Brands in Django's admin: shown to the operator. Supplier lists are private to the brands, so not shown."""

from django.contrib import admin

from brands.models import Brand
from portal.core.admin import ReadOnly


@admin.register(Brand)
class BrandAdmin(ReadOnly):
    """Brands."""

    list_display = ("name", "kind", "country", "is_active")
    fields = ("name", "kind", "website", "country", "is_active", "created_at")
    readonly_fields = fields
    list_filter = ("kind", "is_active")
    search_fields = ("name",)
