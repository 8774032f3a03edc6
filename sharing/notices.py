"""Notices to people and programs about consent, one package per concept. Importing this module registers the kinds."""

from sharing.confirming import notices as confirming
from sharing.grants.notices import granting, grants, revoking
from sharing.records import notices as digest
from sharing.requests import notices as requests

__all__ = ["confirming", "digest", "granting", "grants", "requests", "revoking"]
