"""Webhooks: messages to an organisation's own programs, according to the Standard Webhooks specification."""
