"""Tools, assessments, findings, publication and reports."""

from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    """The app of assessments. Published data is immutable; the triggers are in the models."""

    name = "assessments"
    database_rights = {
        "CorrectionNotice": "SELECT, INSERT, UPDATE",
        "ReportCopy": "SELECT, INSERT, UPDATE",
        "Mutation": "SELECT, INSERT",
        "CountedType": "SELECT, INSERT",
    }

    def ready(self) -> None:
        import assessments.imports.files
        import assessments.imports.services
        import assessments.tasks  # noqa: F401 - registers what its jobs do
        from assessments.comparing import compare_answers, compare_first_publications, compare_publications
        from assessments.notices import register_kinds
        from portal.ledger.checks import register_ledger_check

        register_kinds()
        for check in (compare_publications, compare_first_publications, compare_answers):
            register_ledger_check(check)
