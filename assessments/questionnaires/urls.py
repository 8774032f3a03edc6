"""Addresses of questionnaire versions."""

from django.urls import path

from assessments.questionnaires import views as tools

urlpatterns = [
    path("tools/", tools.tool_list, name="tool_list"),
    path("tools/import/", tools.tool_import, name="tool_import"),
    path("tools/<int:pk>/", tools.tool, name="tool"),
    path("tools/<int:pk>/translations/", tools.tool_translations, name="tool_translations"),
    path("tools/<int:pk>/translations/file/", tools.tool_translations_file, name="tool_translations_file"),
]
