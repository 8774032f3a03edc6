"""Addresses of report files. Their progress is the general page of jobs."""

from django.urls import path

from assessments.reports import views as reports

urlpatterns = [
    path("assessments/<uuid:pk>/reports/", reports.report_order, name="report_order"),
    path("reports/<uuid:pk>/file/", reports.report_download, name="report_download"),
]
