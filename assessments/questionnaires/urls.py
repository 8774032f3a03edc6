"""Addresses of questionnaire versions."""

from django.urls import path

from assessments.questionnaires import views as tools

urlpatterns = [
    path("tools/", tools.tool_list, name="tool_list"),
    path("tools/import/", tools.tool_import, name="tool_import"),
    path("tools/<int:pk>/", tools.tool, name="tool"),
]
