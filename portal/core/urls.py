"""Pages of the lowest layer: is the portal alive, and the progress of one's own jobs."""

from django.urls import path

from portal.core import views

urlpatterns = [
    path(".well-known/portal-keys.json", views.portal_keys, name="portal_keys"),
    path("health/", views.health, name="health"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job_cancel"),
]
