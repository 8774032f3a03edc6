"""Parts of pages, without tables of their own."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """The template tags `portal`, `charts` and `qr`."""

    name = "portal.ui"
    label = "ui"
    verbose_name = "Parts of pages"
