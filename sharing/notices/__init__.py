"""What people and programs are told about consent, one room a concept. Importing this module registers the kinds."""

from sharing.notices import confirming, digest, granting, grants, requests, revoking

__all__ = ["confirming", "digest", "granting", "grants", "requests", "revoking"]
