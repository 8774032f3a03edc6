"""Asking, answering, and what time does to requests."""
