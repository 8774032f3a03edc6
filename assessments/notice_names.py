"""The kinds of notices about reports."""

from portal.notices.kinds import NoticeName


class ReportNotice(NoticeName):
    """The kinds; a value is also how people choose to be mailed, and the type of its webhook, if it has one."""

    SENT_TO_FACTORY = "report.sent_to_factory"
    PUBLISHED = "report.published"
    SUPERSEDED = "report.superseded"
    WITHDRAWN = "report.withdrawn"
