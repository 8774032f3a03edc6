"""Requests: a brand asks a factory for access, and the factory answers."""
