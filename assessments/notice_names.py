"""The kinds of notices about reports."""

from portal.notices.names import NoticeName


class ReportNotice(NoticeName):
    """The kinds; a value is also how people choose to be mailed, and the type of its webhook, if it has one."""

    IN_REVIEW = "report.in_review"
    PUBLISHED = "report.published"
    SUPERSEDED = "report.superseded"
    WITHDRAWN = "report.withdrawn"
