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
        _("What this table would do changed since its preview. Nothing was imported; look at it again."),
    )
    FILE_GONE = "imports.file_gone", _("The stored file cannot be read any more. Upload it again.")


class ReportText(JobText):
    """The messages while a report file is made."""

    READING = "reports.reading", _("Reading the findings")
    MAKING = "reports.making", _("Making the file")
    READY = "reports.ready", _("The file is ready.")
    NOT_OPEN = "reports.not_open", _("You can no longer see this report.")
    TOO_SLOW = "reports.too_slow", _("The file took too long to make. Try again later.")
    NOT_MADE = (
        "reports.not_made",
        _("The file could not be made. Try another format, and tell the programme's staff."),
    )
