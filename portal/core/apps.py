"""The lowest layer: events, jobs, keyset pages, API errors, database rights. It imports no sister."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    """Registers the one signal that keeps the app role's rights in step with the tables."""

    name = "portal.core"
    label = "core"
    verbose_name = "Events and jobs"
    database_rights = {
        "Event": "SELECT, INSERT",
        "SigningKey": "SELECT, INSERT",
    }

    def ready(self) -> None:
        from portal.core.rights import apply_rights

        post_migrate.connect(apply_rights, sender=self)
