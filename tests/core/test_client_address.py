"""Who asks: behind 0, 1 and 2 proxies a forged header neither dodges a limit nor locks somebody else out."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory
from django.urls import reverse

from portal.core.api import throttling
from portal.core.client_address import client_address
from portal.settings import proxies
from tests.world import PASSWORD, World

PROXY, INNER = "10.0.0.1", "10.0.0.2"
HONEST, CULPRIT, VICTIM = "192.0.2.1", "198.51.100.1", "203.0.113.1"
LIMIT = 3


def through(count: int, client: str, forged: str = "") -> dict[str, str]:
    """What the web is told of a request of `client` through so many proxies, each of which appends its caller."""
    hops = [client, PROXY, INNER][: count + 1]
    chain = [*([forged] if forged else []), *hops[:-1]]
    return {"REMOTE_ADDR": hops[-1], **({"HTTP_X_FORWARDED_FOR": ", ".join(chain)} if chain else {})}


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("forged", ["", VICTIM, f"{VICTIM}, {VICTIM}, {VICTIM}", "nonsense", "," * 50, "\x00"])
def test_the_clients_address_is_what_our_outermost_proxy_saw(
    rf: RequestFactory, settings: Any, count: int, forged: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    assert client_address(rf.get("/", **through(count, CULPRIT, forged))) == CULPRIT  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("192.0.2.7:51234", "192.0.2.7"),
        ("[2001:db8:1:2:3::4]:443", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("nonsense", PROXY),
        ("", PROXY),
    ],
)
def test_every_way_to_write_an_address_is_read(rf: RequestFactory, settings: Any, chain: str, address: str) -> None:
    """Two addresses of one IPv6 network are one client; what is no address counts as the connection's own."""
    settings.TRUSTED_PROXY_COUNT = 1
    assert client_address(rf.get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=chain)) == address  # type: ignore[arg-type]


def test_who_comes_past_the_proxies_is_counted_by_their_own_address(rf: RequestFactory, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 2
    assert client_address(rf.get("/", REMOTE_ADDR=CULPRIT, HTTP_X_FORWARDED_FOR=VICTIM)) == CULPRIT  # type: ignore[arg-type]
    assert client_address(rf.get("/", REMOTE_ADDR="")) == "127.0.0.1"  # type: ignore[arg-type]


def sign_in(email: str, password: str, **where: str) -> int:
    answer = Client().post(reverse("account_login"), {"login": email, "password": password}, **where)  # type: ignore[arg-type]
    return answer.status_code


@pytest.mark.parametrize("count", [0, 1, 2])
def test_six_wrong_passwords_lock_that_account_for_that_client_alone(world: World, settings: Any, count: int) -> None:
    """Whatever the culprit writes into the header each time: the sixth is locked, and nobody else is."""
    settings.TRUSTED_PROXY_COUNT = count
    owner, colleague = "manager.a@test.example", "member.a@test.example"
    tries = [sign_in(owner, "wrong", **through(count, CULPRIT, forged)) for forged in (VICTIM, HONEST, "", *"abc")]
    assert tries == [200] * 5 + [429]
    assert sign_in(owner, PASSWORD, **through(count, CULPRIT, "192.0.2.99")) == 429
    assert sign_in(owner, PASSWORD, **through(count, VICTIM)) == 302
    assert sign_in(owner, PASSWORD, **through(count, HONEST)) == 302
    assert sign_in(colleague, PASSWORD, **through(count, CULPRIT)) == 302


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_limit_of_sign_ins_counts_each_client(world: World, settings: Any, count: int) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    settings.ACCOUNT_RATE_LIMITS = {"login": f"{LIMIT}/m/ip", "login_failed": False}
    email = "manager.a@test.example"
    tries = [sign_in(email, PASSWORD, **through(count, CULPRIT, f"192.0.2.{number}")) for number in range(LIMIT + 1)]
    assert tries == [302] * LIMIT + [429]
    assert sign_in(email, PASSWORD, **through(count, HONEST)) == 302


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_limit_of_checks_of_receipts_counts_each_client(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    monkeypatch.setattr(throttling.VerifyThrottle, "rate", f"{LIMIT}/min", raising=False)

    def check(**where: str) -> int:
        return Client().get(reverse("verify"), {"number": "1"}, **where).status_code  # type: ignore[arg-type]

    tries = [check(**through(count, CULPRIT, f"192.0.2.{number}")) for number in range(LIMIT + 1)]
    assert tries == [200] * LIMIT + [429]
    assert check(**through(count, HONEST)) == 200


def test_visitors_of_the_api_are_counted_by_address(rf: RequestFactory, settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    request = rf.get("/api/v1/me/", **through(1, CULPRIT, VICTIM))  # type: ignore[arg-type]
    assert throttling.PersonThrottle().get_ident(request) == CULPRIT


@pytest.mark.parametrize(("behind", "value", "count"), [(False, "", 0), (True, "", 1), (True, "2", 2), (False, "0", 0)])
def test_the_number_of_proxies_is_one_behind_a_proxy(
    monkeypatch: pytest.MonkeyPatch, behind: bool, value: str, count: int
) -> None:
    if value:
        monkeypatch.setenv("TRUSTED_PROXY_COUNT", value)
    assert proxies("TRUSTED_PROXY_COUNT", behind=behind) == count


@pytest.mark.parametrize(
    ("behind", "value", "sentence"),
    [
        (True, "0", "BEHIND_TLS_PROXY is true"),
        (False, "1", "BEHIND_TLS_PROXY is false"),
        (True, "-1", "number of your proxies"),
        (True, "two", "number of your proxies"),
    ],
)
def test_a_number_that_contradicts_the_proxy_stops_the_process(
    monkeypatch: pytest.MonkeyPatch, behind: bool, value: str, sentence: str
) -> None:
    monkeypatch.setenv("TRUSTED_PROXY_COUNT", value)
    with pytest.raises(ImproperlyConfigured, match=sentence):
        proxies("TRUSTED_PROXY_COUNT", behind=behind)
