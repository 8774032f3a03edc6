"""The ledger: the proof that nobody edited the record of what happened."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The app that seals the events of every app."""

    name = "portal.ledger"
    label = "ledger"
    verbose_name = "Ledger"
    database_rights = dict.fromkeys(("LedgerDay", "LedgerLeaf", "LedgerSeal"), "SELECT, INSERT")

    def ready(self) -> None:
        """Register the table of events as a source."""
        from portal.core.models import Event
        from portal.ledger import Source, register_source

        columns = ("id", "at", "kind", "actor_id", "factory_id", "brand_id", "programme_id", "subject", "data")
        register_source(Source(Event, (columns,)))
