"""Pages of assessments: reading, the board, plans, imports, questionnaires, reports."""

from django.urls import include, path

urlpatterns = [
    path("", include("assessments.reading.urls")),
    path("", include("assessments.reports.urls")),
    path("", include("assessments.imports.urls")),
    path("", include("assessments.questionnaires.urls")),
    path("", include("assessments.visits.urls")),
]
