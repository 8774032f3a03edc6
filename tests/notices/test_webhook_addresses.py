"""Where webhooks may go: the public internet, and no address with a special purpose."""

import ipaddress
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from portal.notices.webhooks import addresses
from portal.notices.webhooks.addresses import check_url

# The registries of IANA (special-purpose addresses of IPv4 and IPv6, IPv6 address space) and multicast, as they stood
# in 2026: a test of its own, so that the list of the code is compared with something.
SPECIAL_4 = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 "
    "192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 "
    "203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
)
SPECIAL_6 = (
    "::1/128 ::/128 ::/96 ::ffff:0:0:0/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128 "
    "2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28 "
    "2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8 4000::/3"
)


def special() -> Iterator[str]:
    """The first and the last address of each, and those of IPv4 in the forms of IPv6 that lead to them."""
    for text in SPECIAL_4.split():
        network = ipaddress.IPv4Network(text)
        for address in (network[0], network[-1]):
            high, low = int(address) >> 16, int(address) & 0xFFFF
            yield str(address)
            yield f"::ffff:{address}"
            yield f"64:ff9b::{high:x}:{low:x}"
            yield f"2002:{high:x}:{low:x}::1"
    for text in SPECIAL_6.split():
        for address in (ipaddress.IPv6Network(text)[0], ipaddress.IPv6Network(text)[-1]):
            yield str(address)
    yield from ("fe80::1%eth0", "fec0::1", "3fff::1", "192.88.99.1", "2002:5db8:d70e::1", "2001:0:5db8:d70e::1")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14"])
def test_the_public_internet_is_reached(address: str) -> None:
    target = addresses.Target("https", address, 443, "/")
    assert ipaddress.ip_address(addresses.resolve(target)) == ipaddress.ip_address(address)


def test_no_special_purpose_address_is_reached() -> None:
    allowed = [address for address in special() if addresses._is_allowed(address, is_local=False)]
    assert allowed == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.88.99.1",
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fec0::1",
        "3fff::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_webhooks_go_to_the_public_internet_only(address: str, monkeypatch: Any, settings: Any) -> None:
    """Whether it is written so, or a name resolves to it (beside a public one, too)."""
    found = [("93.184.215.14", 443), (address, 443)]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_a, **_k: [(0, 0, 0, "", one) for one in found])
    with pytest.raises(ValidationError, match="public internet"):
        check_url("https://hooks.example.org/x")
    monkeypatch.undo()
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(ValidationError):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "https://user:word@hooks.example.org/",
        "https:///x",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org/\x00",
        "https://hooks.example.org/\r\nX: y",
        "https://no-such-name.invalid/",
        "javascript:alert(1)",
        "https://2130706433/",
        "https://" + "a" * 600,
    ],
)
def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        check_url(url)
