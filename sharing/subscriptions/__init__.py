"""Subscriptions: the reports that participants bought (R6)."""
