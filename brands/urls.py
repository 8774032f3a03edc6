"""Addresses of brands."""

from django.urls import path

from brands.views import brands, integrations, suppliers

urlpatterns = [
    path("brands/", brands.brand_list, name="brand_list"),
    path("brands/new/", brands.brand_add, name="brand_add"),
    path("brands/<int:pk>/", brands.brand, name="brand"),
    path("brands/<int:pk>/edit/", brands.brand_edit, name="brand_edit"),
    path("brands/<int:pk>/suppliers/", suppliers.supplier_list, name="supplier_list"),
    path("brands/<int:pk>/suppliers/upload/", suppliers.supplier_import, name="supplier_import"),
    path("brands/<int:pk>/integrations/", integrations.integrations, name="integrations"),
    path(
        "brands/<int:pk>/integrations/<int:account_id>/revoke/",
        integrations.integration_revoke,
        name="integration_revoke",
    ),
]
