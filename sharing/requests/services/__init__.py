"""Asking, answering, and the lapsing of requests with time."""
