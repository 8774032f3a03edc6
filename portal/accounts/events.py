"""Kinds of the events of accounts, invitations, roles and tokens."""

from portal.core.events import EventKind


class AccountEvent(EventKind):
    """The kinds of events; the value is stored in the row for ever."""

    PROGRAMME_CREATED = "programme.created"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    INVITATION_SENT = "invitation.sent"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    MEMBER_JOINED = "member.joined"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    INTEGRATION_CREATED = "token.created"
    INTEGRATION_REVOKED = "token.revoked"
