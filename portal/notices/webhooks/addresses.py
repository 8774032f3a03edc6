"""The addresses that a webhook may have: on the public internet by https, and nowhere else.

An address is checked when it is entered, and again each time a message is sent, after its name was resolved: the
connection then goes to the very address that was checked (`sending`), so a name that resolves differently in between
has no effect. If one address of a name is not public, or has a special purpose, the whole name is refused.

`WEBHOOK_ALLOWED_NETWORKS` adds networks that an operator trusts. With DEBUG, http to this machine is allowed.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Of IPv6, IANA has allocated only this part; loopback, private, link-local, site-local, multicast and the
# IPv4-compatible addresses are all outside it.
GIVEN_OUT = ipaddress.IPv6Network("2000::/3")
# IANA's registries of special-purpose addresses, and multicast; written out, because Python's own list changes with its
# versions and calls some of these global.
SPECIAL: list[Network] = [
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
]  # fmt: skip


class RefusedAddressError(Exception):
    """The error for a name that leads to where webhooks do not go, or nowhere.

    Which of the two is never revealed: it would show which names exist in the portal's own network.
    """


@dataclass(frozen=True)
class Target:
    """An endpoint's address, split into its parts."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_local(self) -> bool:
        """True for plain http to this machine: a developer's own."""
        return self.scheme == "http"


def read_url(url: str) -> Target:
    """Return the parts of an address. Raises `ValidationError` for an invalid one, without asking the network."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise ValidationError(_("This is not a web address.")) from error
    if not host or any(ord(sign) <= 32 or ord(sign) > 126 for sign in url):
        raise ValidationError(_("This is not a web address."))
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValidationError(_("Leave names, passwords and “#...” out of the address: messages are signed instead."))
    is_own_machine = settings.DEBUG and parts.scheme == "http" and host in LOCAL
    if parts.scheme != "https" and not is_own_machine:
        raise ValidationError(_("The address must begin with https://."))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def check_url(url: str) -> None:
    """Check an address, looking up its name. Raises `ValidationError` where a webhook may not have it now."""
    try:
        resolve(read_url(url))
    except RefusedAddressError as error:
        raise ValidationError(_("This address is not on the public internet.")) from error


def resolve(target: Target) -> str:
    """Return the address to connect to. Raises `RefusedAddressError`."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RefusedAddressError from error
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_is_allowed(one, is_local=target.is_local) for one in addresses):
        raise RefusedAddressError
    return addresses[0]


def _is_allowed(text: str, *, is_local: bool) -> bool:
    address = _innermost(ipaddress.ip_address(text.split("%", maxsplit=1)[0]))
    if is_local:
        return address.is_loopback
    return _is_within(address, _allowed_networks()) or _is_public(address)


def _is_public(address: Address) -> bool:
    """Return whether the address is one of the public internet: allocated, and for no special purpose."""
    if address.version == 6 and address not in GIVEN_OUT:
        return False
    return address.is_global and not _is_within(address, SPECIAL)


def _is_within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _allowed_networks() -> list[Network]:
    return [ipaddress.ip_network(one) for one in settings.WEBHOOK_ALLOWED_NETWORKS]


def _innermost(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one leads to (mapped, NAT64); others that hold one (6to4) are special."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address
