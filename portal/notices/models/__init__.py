"""Notices, and their way to people by mail and to machines by webhook."""

from portal.notices.models.mails import Mailbox, MailChoice, MailItem
from portal.notices.models.notices import Notice
from portal.notices.models.snoozes import Snooze
from portal.notices.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = ["MailChoice", "MailItem", "Mailbox", "Notice", "Snooze", "WebhookDelivery", "WebhookEndpoint"]
