"""Consent: who may see which factory's data, decided by the factory."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """Grants are never deleted, and who-saw-what is append-only: the app role has no right to do otherwise."""

    name = "sharing"
    database_rights = {
        "SharingGrant": "SELECT, INSERT, UPDATE",
        "CycleReport": "SELECT, INSERT, UPDATE",
        "Visibility": "SELECT, INSERT, DELETE",
        "AccessRecord": "SELECT, INSERT",
        "SearchRecord": "SELECT, INSERT",
        "FirstUse": "SELECT, INSERT",
        "PaperConsent": "SELECT, INSERT",
        "Receipt": "SELECT, INSERT",
        "WithheldReport": "SELECT, INSERT, UPDATE",
        "Subscription": "SELECT, INSERT, UPDATE",
        "DestroyNotice": "SELECT, INSERT, UPDATE",
        "ConfirmationEnd": "SELECT, INSERT, UPDATE",
        "CopyToDestroy": "SELECT, INSERT, UPDATE",
        "AccessRequest": "SELECT, INSERT, UPDATE",
        "RequestAnswer": "SELECT, INSERT",
    }

    def ready(self) -> None:
        """Register the notices; have who-saw-what and the receipts sealed, and grants compared with them."""
        import sharing.files
        import sharing.notices  # noqa: F401 - registers the kinds
        from portal.ledger import Source, register_source
        from portal.ledger.checks import register_ledger_check
        from sharing import comparing
        from sharing.models import AccessRecord, Receipt, SearchRecord
        from sharing.receipts.auditing import verify_receipts
        from sharing.receipts.comparing import compare_grants, compare_replaced

        seen = ("id", "at", "person_id", "brand_id", "factory_id", "assessment_id", "cycle", "version", "scope")
        register_source(Source(AccessRecord, ((*seen, "action", "copy_number", "copy_format", "is_before_release"),)))
        search = ("id", "at", "day", "person_id", "brand_id", "condition", "about", "factories", "is_before_release")
        register_source(Source(SearchRecord, (search,)))
        receipt = ("id", "number", "kind", "grant_id", "factory_id", "brand_id", "actor_id", "payload", "disclosed")
        columns = (*receipt, "jws", "issued_at")
        register_source(Source(Receipt, (columns,), moment="issued_at", shown=("number", "jws")))
        for check in (
            verify_receipts,
            compare_grants,
            compare_replaced,
            comparing.compare_withheld,
            comparing.compare_subscriptions,
            comparing.compare_papers,
            comparing.check_consent_scans,
        ):
            register_ledger_check(check)
