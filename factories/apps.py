"""Factories, the country programmes they belong to, and the people of both."""

from django.apps import AppConfig


class FactoriesConfig(AppConfig):
    """The app that registers factories and programmes as kinds of organisation."""

    name = "factories"
    verbose_name = "Factories and country programmes"
    database_rights = {"ProgrammeHistory": "SELECT, INSERT", "Handover": "SELECT, INSERT, UPDATE"}

    def ready(self) -> None:
        import factories.files
        import factories.notices
        import factories.roles
        import factories.services.handovers  # noqa: F401 - registers the kinds, and what follows when somebody joins
        from factories.comparing import check_handover_scans, compare_handovers
        from portal.ledger.checks import register_ledger_check

        register_ledger_check(compare_handovers)
        register_ledger_check(check_handover_scans)
