"""What waits at a factory: for the reader, for others, or for nobody because it is news."""

from collections.abc import Mapping
from datetime import datetime

from portal.home.inbox.access import things_of_access
from portal.home.inbox.matters import things_of_the_factory
from portal.home.inbox.reading import Desk
from portal.home.inbox.reports import things_of_reports
from portal.home.inbox.rows import Inbox, inbox_of
from portal.notices.snoozes import Name


def inbox_at(desk: Desk, snoozed: Mapping[Name, datetime]) -> Inbox:
    """Return the inbox of a factory, without what its reader put aside."""
    things = [*things_of_reports(desk), *things_of_access(desk), *things_of_the_factory(desk)]
    return inbox_of(desk.factory, things, snoozed)
