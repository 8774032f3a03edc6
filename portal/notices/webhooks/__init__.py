"""Webhooks: telling an organisation's own programs, as the Standard Webhooks specification has it."""
