"""Redis is away: nobody is refused for it, and each process counts for itself until it is back."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCache
from django.test import Client
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisConnectionError
from structlog.testing import capture_logs

from portal.core import cache as cache_module
from portal.core.api import throttling
from portal.core.cache import RedisOrOwnMemory
from tests.world import PASSWORD, World

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _redis_is_away(settings: Any) -> Iterator[None]:
    """The cache of production, with an address at which nobody listens."""
    settings.CACHES = {"default": {"BACKEND": "portal.core.cache.RedisOrOwnMemory", "LOCATION": NOBODY_LISTENS}}
    yield
    cache.clear()


def test_sign_in_reset_api_and_verify_work(world: World, api_of: Any) -> None:
    browser, email = Client(), "manager.a@test.example"
    assert browser.post(reverse("account_login"), {"login": email, "password": "wrong"}).status_code == 200
    assert browser.post(reverse("account_login"), {"login": email, "password": PASSWORD}).status_code == 302
    assert Client().post(reverse("account_reset_password"), {"email": email}).status_code == 302
    assert api_of(world.person("manager_a")).get("/api/v1/me/").status_code == 200
    assert Client().get(reverse("verify"), {"number": "1"}).status_code == 200
    assert Client().get("/api/v1/me/").status_code == 401


def test_limits_are_still_kept(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reset_password": "2/m/ip", "login_failed": False}
    monkeypatch.setattr(throttling.VerifyThrottle, "rate", "2/min", raising=False)
    asked = [Client().post(reverse("account_reset_password"), {"email": "a@b.example"}) for _ in range(3)]
    checked = [Client().get(reverse("verify"), {"number": "1"}) for _ in range(3)]
    assert [answer.status_code for answer in asked] == [302, 302, 429]
    assert [answer.status_code for answer in checked] == [200, 200, 429]


def test_the_cache_keeps_its_word_and_says_once_that_redis_is_away() -> None:
    with capture_logs() as said:
        assert cache.add("a", 1)
        assert not cache.add("a", 2)
        cache.set("b", [1])
        assert (cache.get("a"), cache.get("b"), cache.get("c", "none")) == (1, [1], "none")
        assert cache.touch("a", 60)
        assert cache.delete("a")
        assert not cache.delete("a")
        assert cache.get_many(["b"]) == {"b": [1]}
    assert [line["event"] for line in said] == ["cache_away"]


def test_redis_is_asked_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get(_self: RedisCache, key: str, *_args: Any, **_kwargs: Any) -> str:
        asked.append(key)
        if len(asked) == 1:
            raise RedisConnectionError("away")
        return "from Redis"

    monkeypatch.setattr(RedisCache, "get", get)
    now = time.monotonic()
    monkeypatch.setattr(cache_module.time, "monotonic", lambda: now)
    assert isinstance(caches["default"], RedisOrOwnMemory)
    assert [cache.get("a"), cache.get("b")] == [None, None]
    monkeypatch.setattr(cache_module.time, "monotonic", lambda: now + cache_module.PAUSE_SECONDS)
    assert cache.get("c") == "from Redis"
    assert asked == ["a", "c"]


def test_a_redis_that_does_not_answer_is_not_waited_for(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once for a second, and then not at all for a while; not for minutes, as the client would by itself."""
    assert (cache_module.WAIT_SECONDS, cache_module.PAUSE_SECONDS) == (1, 15)
    monkeypatch.setattr(cache_module, "WAIT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings.CACHES = {"default": {"BACKEND": "portal.core.cache.RedisOrOwnMemory", "LOCATION": address}}
        waits = caches["default"]._redis._cache._get_connection_pool(write=False).connection_kwargs
        assert [waits[name] for name in ("socket_connect_timeout", "socket_timeout")] == [0.05, 0.05]
        assert waits["retry"].get_retries() == 0
        assert [cache.get(key, "none") for key in ("a", "b")] == ["none", "none"]
        silent.setblocking(False)
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()
