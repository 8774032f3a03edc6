"""The address of the client that asks, from one place for every limit and lock.

Each of our proxies appends the address that it was asked from to `X-Forwarded-For`, so the last
`TRUSTED_PROXY_COUNT` entries are theirs and the first of these is the client. Entries before them were written
by the client and are never trusted. Where the chain is shorter, or the entry is no address, the request did not
come through the proxies, and the connection's own address counts.

Of an IPv6 address only the network of 64 bits counts: a client with one address has all of them.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

THIS_MACHINE = "127.0.0.1"  # a Unix socket has no address
IPV6_NETWORK = 64  # bits


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, as limits and locks count it."""
    direct = str(request.META.get("REMOTE_ADDR") or "")
    return _counted(_forwarded(request)) or _counted(direct) or THIS_MACHINE


def _forwarded(request: HttpRequest) -> str:
    """Return what the outermost of our proxies wrote, or nothing."""
    chain = str(request.META.get("HTTP_X_FORWARDED_FOR") or "").split(",")
    count = settings.TRUSTED_PROXY_COUNT
    return chain[-count] if 0 < count <= len(chain) else ""


def _counted(text: str) -> str:
    """Return the address in `text` (a port may follow it), shortened to its network; nothing where there is none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), IPV6_NETWORK), strict=False).network_address)
