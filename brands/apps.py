"""Brands, their people, and the suppliers they name."""

from django.apps import AppConfig


class BrandsConfig(AppConfig):
    """The app that registers brands as a kind of organisation."""

    name = "brands"
    database_rights = {"BrandHistory": "SELECT, INSERT"}

    def ready(self) -> None:
        import brands.roles  # noqa: F401 - registers the kind
