"""Kinds of the events of mails and webhooks."""

from portal.core.events import EventKind


class NoticeEvent(EventKind):
    """The kinds of events; the value is stored in the row for ever."""

    MAIL_CHOSEN = "mail.chosen"
    WEBHOOK_ADDED = "webhook.added"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_PAUSED = "webhook.paused"
    WEBHOOK_RESUMED = "webhook.resumed"
    WEBHOOK_KEY_ROTATED = "webhook.secret_rotated"
    WEBHOOK_REMOVED = "webhook.removed"
    WEBHOOK_REDELIVERED = "webhook.redelivered"
