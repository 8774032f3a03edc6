"""Addresses of questionnaire versions."""

from django.urls import path

from assessments.questionnaires.views import law, successions, tools, translations

urlpatterns = [
    path("tools/", tools.tool_list, name="tool_list"),
    path("tools/import/", tools.tool_import, name="tool_import"),
    path("tools/<int:pk>/", tools.tool, name="tool"),
    path("tools/<int:pk>/file/", tools.tool_file, name="tool_file"),
    path("tools/<int:pk>/changes/<int:earlier>/", successions.tool_changes, name="tool_changes"),
    path("tools/<int:pk>/law/", law.tool_law, name="tool_law"),
    path("tools/<int:pk>/law/file/", law.tool_law_file, name="tool_law_file"),
    path("tools/<int:pk>/translations/", translations.tool_translations, name="tool_translations"),
    path("tools/<int:pk>/translations/file/", translations.tool_translations_file, name="tool_translations_file"),
]
