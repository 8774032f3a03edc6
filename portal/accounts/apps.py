"""People: accounts, roles inside organisations, invitations, API tokens."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The app of people and roles. Their history is kept: the app role has no right to delete it."""

    name = "portal.accounts"
    label = "accounts"
    verbose_name = "People"
    database_rights = {
        "AccountHistory": "SELECT, INSERT",
        "MembershipPeriod": "SELECT, INSERT, UPDATE",
        "HeldPermission": "SELECT, INSERT, DELETE",
    }

    def ready(self) -> None:
        """Register the comparison of memberships with their events."""
        from portal.accounts.comparing import compare_memberships
        from portal.ledger.checks import register_ledger_check

        register_ledger_check(compare_memberships)
