"""Grants: what a factory shares with which brand, for which cycles, until when."""
