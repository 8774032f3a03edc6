"""The kinds of notices about consent."""

from portal.notices.names import NoticeName


class SharingNotice(NoticeName):
    """The kind of notice; the value also identifies people's choice to be mailed and, if any, the webhook's type."""

    REQUEST_ASKED = "request.asked"
    REQUEST_REMINDER = "request.reminder"
    REQUEST_ANSWERED = "request.answered"
    REQUEST_LAPSED = "request.lapsed"
    GRANT_TO_CONFIRM = "grant_to_confirm"
    GRANT_ANSWERED = "grant_answered"
    GRANT_STARTED = "grant.started"
    GRANT_CHANGED = "grant.changed"
    GRANT_ENDED = "grant.ended"
    SHARING_ENDED = "sharing_ended"
    COPIES_TO_DESTROY = "copies_to_destroy"
    COPIES_ANSWERED = "copies_answered"
    REPORT_OPENS = "sharing.report_opens"
    WITHHELD = "sharing.withheld"
    LET_OPEN = "sharing.let_open"
    PAPER_RECORDED = "sharing.paper_recorded"
    ENDS_SOON = "sharing.ends_soon"
    DIGEST = "sharing.digest"
