"""Pages about grants and reports together: sharing, answering, changing, stopping; openings, previews, explanations."""

from django.urls import path

from portal.disclosure.views import (
    answering,
    answering_many,
    as_brand,
    brands,
    confirming,
    explaining,
    granting,
    holds,
    resuming,
)

urlpatterns = [
    path("factories/<int:pk>/brands/", brands.factory_brands, name="factory_brands"),
    path("factories/<int:pk>/brands/<int:brand>/", brands.factory_brand, name="factory_brand"),
    path("factories/<int:pk>/sharing/new/", granting.grant, name="grant"),
    path("factories/<int:pk>/sharing/resume/", resuming.resume, name="resume"),
    path("sharing/<uuid:pk>/change/", granting.change, name="grant_change"),
    path("factories/<int:pk>/sharing/reports/", holds.report_openings, name="report_openings"),
    path("factories/<int:pk>/sharing/reports/withhold/", holds.report_withhold, name="report_withhold"),
    path("sharing/withheld/<int:pk>/allow/", holds.report_allow, name="report_allow"),
    path("sharing/<uuid:pk>/confirm/", confirming.grant_confirmation, name="grant_confirmation"),
    path("factories/<int:pk>/requests/answer/", answering_many.requests_answer, name="requests_answer"),
    path("requests/<uuid:pk>/", answering.access_request, name="access_request"),
    path("requests/<uuid:pk>/approve/", answering.request_approve, name="request_approve"),
    path("factories/<int:pk>/explain/", explaining.explain_page, name="explain"),
    path("factories/<int:pk>/who-could-see/", explaining.who_could_see_page, name="who_could_see"),
    path("factories/<int:pk>/sharing/as/<int:brand>/", as_brand.as_brand, name="as_brand"),
    path(
        "factories/<int:pk>/sharing/as/<int:brand>/assessments/<uuid:assessment>/",
        as_brand.as_brand_assessment,
        name="as_brand_assessment",
    ),
    path("factories/<int:pk>/sharing/as/<int:brand>/after/", as_brand.as_brand_after, name="as_brand_after"),
    path(
        "factories/<int:pk>/sharing/as/<int:brand>/after/assessments/<uuid:assessment>/",
        as_brand.as_brand_after_assessment,
        name="as_brand_after_assessment",
    ),
]
