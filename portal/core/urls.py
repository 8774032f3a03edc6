"""Pages of the lowest layer: the portal's health, and the progress of one's own jobs."""

from django.urls import path

from portal.core import views
from portal.core.health import views as health

urlpatterns = [
    path(".well-known/jwks.json", views.jwks, name="jwks"),
    path("health/", health.health, name="health"),
    path("health/ready/", health.ready, name="health_ready"),
    path("metrics/", health.metrics, name="metrics"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job_cancel"),
]
