"""Kinds of the events of accounts, invitations, roles and tokens."""

from portal.core.events import EventKind


class AccountEvent(EventKind):
    """The kinds of events; the value is stored in the row for ever."""

    PROGRAMME_CREATED = "programmes.created"
    ACCOUNT_BEGUN = "people.account_begun"
    ACCOUNT_CHANGED = "people.account_changed"
    INVITED = "people.invited"
    INVITATION_WITHDRAWN = "people.invitation_withdrawn"
    JOINED = "people.joined"
    ROLE_CHANGED = "people.role_changed"
    REMOVED = "people.removed"
    INTEGRATION_CREATED = "tokens.created"
    INTEGRATION_REVOKED = "tokens.revoked"
