"""Addresses of the reading pages and of the board."""

from django.urls import path

from assessments.corrections import views as corrections
from assessments.disclosure import as_brand_views as as_brand
from assessments.disclosure import explain_views as explaining
from assessments.publication.views import board, steps
from assessments.reading import views as reading

urlpatterns = [
    path("shared/", reading.shared_list, name="shared_list"),
    path("assessments/", reading.assessment_list, name="assessment_list"),
    path("assessments/<uuid:pk>/", reading.assessment, name="assessment"),
    path("assessments/<uuid:pk>/correct/", steps.assessment_correct, name="assessment_correct"),
    path("assessments/<uuid:pk>/steps/<slug:name>/", steps.assessment_step, name="assessment_step"),
    path("factories/<int:pk>/explain/", explaining.explain_page, name="explain"),
    path("factories/<int:pk>/who-could-see/", explaining.who_could_see_page, name="who_could_see"),
    path("factories/<int:pk>/sharing/as/<int:brand>/", as_brand.as_brand, name="as_brand"),
    path("factories/<int:pk>/sharing/as/<int:brand>/trial/", as_brand.as_brand_trial, name="as_brand_trial"),
    path(
        "factories/<int:pk>/sharing/as/<int:brand>/assessments/<uuid:assessment>/",
        as_brand.as_brand_assessment,
        name="as_brand_assessment",
    ),
    path("corrections/", corrections.correction_list, name="corrections"),
    path("corrections/<uuid:pk>/", corrections.correction, name="correction"),
    path("corrections/<uuid:pk>/acknowledge/", corrections.acknowledge, name="correction_acknowledge"),
    path("factories/<int:pk>/old-versions/", corrections.old_version_list, name="old_versions"),
    path("board/", board.board, name="board"),
    path("board/steps/", steps.board_steps, name="board_steps"),
]
