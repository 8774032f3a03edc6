"""Consent: who may see which factory's data, decided by the factory."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """Grants are never deleted, and who-saw-what is append-only: the app role has no right to do otherwise."""

    name = "sharing"
    database_rights = {
        "SharingGrant": "SELECT, INSERT, UPDATE",
        "AccessRecord": "SELECT, INSERT",
        "PaperConsent": "SELECT, INSERT",
        "Receipt": "SELECT, INSERT",
        "WithheldReport": "SELECT, INSERT, UPDATE",
        "DestroyNotice": "SELECT, INSERT, UPDATE",
        "ConfirmationEnd": "SELECT, INSERT, UPDATE",
        "CopyToDestroy": "SELECT, INSERT, UPDATE",
        "AccessRequest": "SELECT, INSERT, UPDATE",
        "RequestAnswer": "SELECT, INSERT",
    }

    def ready(self) -> None:
        """Make known what people are told; have who-saw-what and the receipts sealed, and grants held against them."""
        import sharing.files
        import sharing.notices  # noqa: F401 - registers the kinds
        from portal.core.ledger import Source, register_source
        from portal.core.ledger.verifying import further_checks
        from sharing.receipts.comparing import compare_grants

        seen = ("id", "at", "person_id", "brand_id", "factory_id", "assessment_id", "cycle", "version", "scope")
        register_source(Source("sharing.AccessRecord", ((*seen, "action", "copy_number", "is_before_release"),)))
        receipt = ("id", "number", "kind", "grant_id", "factory_id", "brand_id", "actor_id", "payload", "disclosed")
        register_source(Source("sharing.Receipt", ((*receipt, "key_id", "signature", "issued_at"),)))
        if compare_grants not in further_checks:
            further_checks.append(compare_grants)
