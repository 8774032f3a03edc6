"""Pages of assessments: reading, the board, imports, questionnaires, reports."""

from django.urls import include, path

urlpatterns = [
    path("", include("assessments.views.reading_urls")),
    path("", include("assessments.views.report_urls")),
    path("", include("assessments.views.import_urls")),
    path("", include("assessments.views.tool_urls")),
]
