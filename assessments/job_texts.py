"""The messages of the jobs of imports and report files to their owners."""

from django.utils.translation import gettext_lazy as _

from portal.core.job_texts import JobText


class ImportText(JobText):
    """The messages of the check and the import of a table."""

    READING = "imports.reading", _("Reading the table")
    COMPARING = "imports.comparing", _("Comparing with what is here")
    WRITING = "imports.writing", _("Writing assessments")
    NOT_ALLOWED = "imports.not_allowed", _("Your role does not allow importing assessments.")
    CHANGED = (
        "imports.changed",
        _("The effect of this table has changed since its preview. Nothing was imported. Check the new preview."),
    )
    FILE_GONE = "imports.file_gone", _("The stored file can no longer be read. Upload it again.")


class ReportText(JobText):
    """The messages while a report file is made."""

    READING = "reports.reading", _("Reading the findings")
    MAKING = "reports.making", _("Creating the file")
    READY = "reports.ready", _("The file is ready.")
    NOT_OPEN = "reports.not_open", _("You can no longer see this report.")
    TOO_SLOW = "reports.too_slow", _("Creating the file took too long. Try again later.")
    NOT_MADE = (
        "reports.not_made",
        _("The file could not be created. Try another format, and contact the programme's staff."),
    )
