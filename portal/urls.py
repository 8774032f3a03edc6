"""Every address of the portal. Each has a row in the access matrix (tests/test_access_matrix.py)."""

from django.contrib import admin
from django.urls import include, path

from portal.help.views import help_page
from portal.home.inbox.views import inbox_act
from portal.home.styleguide import styleguide
from portal.home.views import home

urlpatterns = [
    path("", home, name="home"),
    path("factories/<int:pk>/inbox/", inbox_act, name="inbox_act"),
    path("help/", help_page, name="help"),
    path("styleguide/", styleguide, name="styleguide"),
    path("", include("portal.accounts.urls")),
    path("", include("portal.notices.urls")),
    path("", include("factories.urls")),
    path("", include("brands.urls")),
    path("", include("portal.core.urls")),
    path("", include("portal.ledger.urls")),
    path("", include("sharing.urls")),
    path("", include("assessments.urls")),
    path("", include("portal.disclosure.urls")),
    path("api/", include("portal.api_urls")),
    path("admin/", admin.site.urls),
]

handler500 = "portal.api_urls.server_error"
