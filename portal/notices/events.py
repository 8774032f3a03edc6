"""Kinds of the events of mails and webhooks."""

from portal.core.events import EventKind


class NoticeEvent(EventKind):
    """The kinds of events; the value is stored in the row for ever."""

    MAILS_CHOSEN = "people.mails_chosen"
    WEBHOOK_ADDED = "webhooks.added"
    WEBHOOK_CHANGED = "webhooks.changed"
    WEBHOOK_PAUSED = "webhooks.paused"
    WEBHOOK_RESUMED = "webhooks.resumed"
    WEBHOOK_KEY_ROTATED = "webhooks.secret_rotated"
    WEBHOOK_REMOVED = "webhooks.removed"
    WEBHOOK_REDELIVERED = "webhooks.redelivered"
