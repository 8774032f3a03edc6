"""Consent over the API, one room a concept."""
