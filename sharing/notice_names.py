"""The kinds of notices about consent."""

from portal.notices.kinds import NoticeName


class SharingNotice(NoticeName):
    """The kind of notice; the value also identifies people's choice to be mailed and, if any, the webhook's type."""

    REQUEST_SENT = "request.sent"
    REQUEST_REMINDED = "request.reminded"
    REQUEST_ANSWERED = "request.answered"
    REQUEST_LAPSED = "request.lapsed"
    CONFIRMATION_ASKED = "confirmation.asked"
    CONFIRMATION_ANSWERED = "confirmation.answered"
    GRANT_STARTED = "grant.started"
    GRANT_CHANGED = "grant.changed"
    GRANT_ENDED = "grant.ended"
    ACCESS_ENDED = "access.ended"
    COPY_DESTRUCTION_ASKED = "copy.destruction_asked"
    COPY_ANSWERED = "copy.answered"
    REPORT_SCHEDULED = "report.scheduled"
    REPORT_HELD = "report.held"
    REPORT_ALLOWED = "report.allowed"
    PAPER_RECORDED = "paper.recorded"
    GRANT_EXPIRING = "grant.expiring"
    RECORD_SUMMARISED = "record.summarised"
