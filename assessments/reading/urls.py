"""Addresses of the reading pages and of the board."""

from django.urls import path

from assessments.corrections import views as corrections
from assessments.publication.views import board, steps
from assessments.reading import views as reading

urlpatterns = [
    path("shared/", reading.shared_list, name="shared_list"),
    path("assessments/", reading.assessment_list, name="assessment_list"),
    path("assessments/<uuid:pk>/", reading.assessment, name="assessment"),
    path("assessments/<uuid:pk>/correct/", steps.assessment_correct, name="assessment_correct"),
    path("assessments/<uuid:pk>/steps/<slug:name>/", steps.assessment_step, name="assessment_step"),
    path("corrections/", corrections.correction_list, name="corrections"),
    path("corrections/<uuid:pk>/", corrections.correction, name="correction"),
    path("corrections/<uuid:pk>/acknowledge/", corrections.acknowledge, name="correction_acknowledge"),
    path("factories/<int:pk>/old-versions/", corrections.old_version_list, name="old_versions"),
    path("board/", board.board, name="board"),
    path("board/steps/", steps.board_steps, name="board_steps"),
]
