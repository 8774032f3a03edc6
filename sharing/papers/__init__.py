"""Consent given on signed paper, recorded by staff."""
