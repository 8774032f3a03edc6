"""The kinds of notices about reports."""

from portal.notices.names import NoticeName


class ReportNotice(NoticeName):
    """What is told; the value is also how people choose to be mailed, and, where it has one, its webhook's type."""

    IN_REVIEW = "report.in_review"
    PUBLISHED = "report.published"
    SUPERSEDED = "report.superseded"
    WITHDRAWN = "report.withdrawn"
