"""Pages of the ledger."""

from django.urls import path

from portal.ledger import views

urlpatterns = [
    path("ledger/", views.ledger, name="ledger"),
    path("ledger/roots/", views.ledger_roots, name="ledger_roots"),
]
