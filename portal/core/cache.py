"""The cache in Redis, and in the memory of this process while Redis is unavailable.

Only limits are counted in it (sign-in, reset, API, `/verify/`), so that its absence refuses nobody: each web process
then counts for itself. After a failure Redis is left alone for `PAUSE_SECONDS`, or every request would wait for it.
"""

import time

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = structlog.get_logger(__name__)
PAUSE_SECONDS = 15.0
WAIT_SECONDS = 1.0  # for a connection, and for an answer


class RedisOrOwnMemory(BaseCache):
    """Redis, or the memory of this process while Redis is unavailable."""

    def __init__(self, server: str, params: dict[str, object]) -> None:
        super().__init__(params)
        waits = {"socket_connect_timeout": WAIT_SECONDS, "socket_timeout": WAIT_SECONDS, "retry": Retry(NoBackoff(), 0)}
        self._redis = RedisCache(server, {**params, "OPTIONS": waits})
        self._own = LocMemCache("portal.core.cache", params)
        self._away_until = 0.0

    def _do(self, verb: str, *args: object, **kwargs: object) -> object:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(self._redis, verb)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + PAUSE_SECONDS
                log.warning("cache_away", error=type(error).__name__)
        return getattr(self._own, verb)(*args, **kwargs)

    def add(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set a value unless there is one; return whether it was set."""
        return bool(self._do("add", key, value, timeout=timeout, version=version))

    def get(self, key: object, default: object = None, version: int | None = None) -> object:
        """Return a value, or `default`."""
        return self._do("get", key, default, version=version)

    def set(self, key: object, value: object, timeout: object = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Set a value."""
        self._do("set", key, value, timeout=timeout, version=version)

    def touch(self, key: object, timeout: object = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Set when a value expires; return whether there was one."""
        return bool(self._do("touch", key, timeout=timeout, version=version))

    def delete(self, key: object, version: int | None = None) -> bool:
        """Delete a value; return whether there was one."""
        return bool(self._do("delete", key, version=version))

    def clear(self) -> None:
        """Delete everything."""
        self._do("clear")
