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
        "LedgerDay": "SELECT, INSERT",
        "LedgerLeaf": "SELECT, INSERT",
        "LedgerSeal": "SELECT, INSERT",
        "SigningKey": "SELECT, INSERT",
    }

    def ready(self) -> None:
        from portal.core.ledger import Source, register_source
        from portal.core.rights import apply_rights

        columns = ("id", "at", "kind", "actor_id", "factory_id", "brand_id", "programme_id", "subject", "data")
        register_source(Source("core.Event", (columns,)))
        post_migrate.connect(apply_rights, sender=self)
