"""The kinds of notices about factories themselves."""

from portal.notices.names import NoticeName


class FactoryNotice(NoticeName):
    """What is told; the value is also how people choose to be mailed, and, where it has one, its webhook's type."""

    HANDOVER = "handover"
