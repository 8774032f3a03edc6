"""Grants and orders over the API."""
