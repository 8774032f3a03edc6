"""Addresses of notices: which mails a person gets, and an organisation's webhooks."""

from django.urls import path

from portal.notices.views import mails, webhooks

urlpatterns = [
    path("me/mails/", mails.mail_choices, name="mail_choices"),
    path("mails/unsubscribe/<str:token>/", mails.unsubscribe_page, name="unsubscribe"),
    path("organisations/<str:side>/<int:organisation_id>/webhooks/", webhooks.webhook_list, name="webhooks"),
    path("webhooks/<uuid:pk>/", webhooks.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/test/", webhooks.webhook_test, name="webhook_test"),
    path("webhooks/<uuid:pk>/pause/", webhooks.webhook_pause, name="webhook_pause"),
    path("webhooks/<uuid:pk>/secret/", webhooks.webhook_secret, name="webhook_secret"),
    path("webhooks/<uuid:pk>/remove/", webhooks.webhook_remove, name="webhook_remove"),
    path("webhooks/deliveries/<uuid:pk>/again/", webhooks.webhook_again, name="webhook_again"),
]
