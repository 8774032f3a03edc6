"""The same over the API."""
