"""Which addresses the server may call for somebody else.

Whoever may name an address (of a bucket, of a webhook) could name one that only this server reaches: a database beside
it, the metadata service of its cloud. So such an address must be public, unless the operator's list names it.
"""

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from scopix_server.domain.errors import AddressRefused

__all__ = ["AddressGuard", "UnknownHost"]

_MAX_URL = 512
_MAX_URL_WITH_QUERY = 2048
"""Signed links of object stores have several hundred characters; more than this few servers take."""
# Not private by their numbers, and yet nobody's: Azure's and Oracle's metadata services, old relays.
_SPECIAL = [ip_network(text) for text in ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24")]
_NAT64 = ip_network("64:ff9b::/96")
# Ways of IPv6 to write or reach an IPv4 address, or one of a private network, that a router may honour.
_TUNNELS = [ip_network(text) for text in ("::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10")]

Address = IPv4Address | IPv6Address


class UnknownHost(Exception):
    """The name has no address."""


class AddressGuard:
    """Says which addresses may be called.

    Args:
        allowed: hosts (`minio.internal`) and networks (`10.1.0.0/16`, `127.0.0.1`) that may be called although they
            are not public.
        resolve: as `socket.getaddrinfo`, which it is by default.

    Raises:
        ValueError: an entry is neither.
    """

    def __init__(self, allowed: Iterable[str] = (), *, resolve: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._resolve = resolve
        entries = [entry.strip().lower() for entry in allowed if entry.strip()]
        self._networks = [network for entry in entries if (network := _network_of(entry)) is not None]
        self._hosts = {entry for entry in entries if _network_of(entry) is None}
        for host in self._hosts:
            if "/" in host or ":" in host or " " in host:
                raise ValueError(f"'{host}' is neither a host nor a network")

    def check_url(self, url: str, *, with_query: bool = False) -> SplitResult:
        """Return the parts of an address that is well formed. What it resolves to is checked when it is called.

        `with_query`: it may have a query, and may be longer for that.

        Raises:
            AddressRefused: it is no plain http or https URL, or a number that may not be called.
        """
        try:
            parts = urlsplit(url)
            # Reading the port is what checks it.
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise AddressRefused("The address cannot be read as a URL.") from None
        maximum = _MAX_URL_WITH_QUERY if with_query else _MAX_URL
        plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= maximum
        if not sound or not plain:
            raise AddressRefused("The address must be an http or https URL, such as https://s3.example.com.")
        more = (parts.query and not with_query) or parts.fragment
        if parts.username is not None or parts.password is not None or more:
            unwanted = "password or fragment" if with_query else "password, query or fragment"
            raise AddressRefused(f"The address must have no user name, {unwanted} in it.")
        number = _address_of(parts.hostname or "")
        if number is not None and not self._permits(number):
            raise _not_public(parts.hostname or "")
        return parts

    def addresses_of(self, host: str, port: int) -> list[str]:
        """Resolve a host, once: connect to what is returned and to nothing else.

        Raises:
            AddressRefused: one of its addresses is not public.
            UnknownHost: it has none.
        """
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise UnknownHost(host) from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if host.lower().rstrip(".") not in self._hosts:
            # All of them: a name with a public and a private address is a trick, or a mistake.
            for address in addresses:
                if not self._permits(ip_address(address.partition("%")[0])):
                    raise _not_public(host)
        return addresses

    def _permits(self, address: Address) -> bool:
        address = _unwrapped(address)
        if any(address in network for network in self._networks if network.version == address.version):
            return True
        if any(address in network for network in (*_SPECIAL, *_TUNNELS) if network.version == address.version):
            return False
        return address.is_global and not address.is_multicast and not address.is_reserved


def _network_of(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None


def _address_of(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address


def _not_public(host: str) -> AddressRefused:
    return AddressRefused(
        f"'{host}' is no public address. If it is meant, the operator of the server can allow it (the setting "
        "SCOPIX_ALLOWED_ADDRESSES)."
    )
