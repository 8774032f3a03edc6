"""Limits on how often one may ask."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle

from portal.core.client_address import client_address

if TYPE_CHECKING:
    from rest_framework.views import APIView

IN_DATABASE = "django.core.cache.backends.db.DatabaseCache"
own_counts = LocMemCache("portal.throttling", {})


class Throttle(SimpleRateThrottle):
    """A limit for each client behind our proxies."""

    @property
    def cache(self) -> BaseCache:  # type: ignore[override]
        """The cache in which the counts are.

        All processes count together where the cache is Redis, which production has. While Redis is unavailable
        (`portal.core.cache`), and where the cache is a table of the database, each process counts for itself, so that
        the limit is the rate times the number of web processes: six more queries on every request would cost more than
        they save.
        """
        return own_counts if settings.CACHES["default"]["BACKEND"] == IN_DATABASE else shared_cache

    def get_ident(self, request: Request) -> str:
        """Return the address of the client."""
        return client_address(request)


class PersonThrottle(Throttle, UserRateThrottle):
    """So many requests a minute for each person or integration (setting `API_RATE`)."""

    scope = "person"


class VerifyThrottle(Throttle):
    """So many checks of receipts a minute for each address (setting `VERIFY_RATE`), signed in or not."""

    scope = "verify"

    def get_cache_key(self, request: Request, view: "APIView") -> str:
        """Return the address that asks."""
        return f"throttle_verify_{self.get_ident(request)}"
