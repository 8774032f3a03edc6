"""Addresses of planned visits."""

from django.urls import path

from assessments.visits import views as visits

urlpatterns = [
    path("plans/", visits.plan_list, name="plan_list"),
    path("plans/new/", visits.plan_new, name="plan_new"),
    path("plans/<uuid:pk>/", visits.plan, name="plan"),
    path("plans/<uuid:pk>/cancel/", visits.plan_cancel, name="plan_cancel"),
]
