"""Addresses of the long table's import."""

from django.urls import path

from assessments.imports import views as imports

urlpatterns = [
    path("assessments/import/", imports.import_assessments, name="import_assessments"),
    path("assessments/import/<uuid:pk>/", imports.import_batch, name="import_batch"),
    path("assessments/import/<uuid:pk>/apply/", imports.import_confirm, name="import_confirm"),
    path("assessments/import/<uuid:pk>/discard/", imports.import_discard, name="import_discard"),
    path("assessments/import/<uuid:pk>/errors.csv", imports.import_errors, name="import_errors"),
]
