"""The lowest layer: events, jobs, keyset pages, API errors, database rights. It imports no sister."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    """Keeps the app role's rights in step with the tables, and checks that the translations are there."""

    name = "portal.core"
    label = "core"
    verbose_name = "Events and jobs"
    database_rights = {"Event": "SELECT, INSERT", "SigningKey": "SELECT, INSERT"}

    def ready(self) -> None:
        from django.core.checks import register

        from portal.core.database_rights import apply_rights
        from portal.core.translations import compiled_catalogues

        register(compiled_catalogues)
        post_migrate.connect(apply_rights, sender=self)
