"""The kinds of notices about factories themselves."""

from portal.notices.kinds import NoticeName


class FactoryNotice(NoticeName):
    """The kinds; a value is also how people choose to be mailed, and the type of its webhook, if it has one."""

    HANDOVER_CHANGED = "handover.changed"
