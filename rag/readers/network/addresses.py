"""Guard against requests into private networks: only addresses of the open internet may be fetched.

A name is resolved once, all its addresses are checked, and the connection goes to a checked one, so that a second
answer of the name server cannot lead elsewhere (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from rag.errors import ReadError

_HOST = re.compile(r"[A-Za-z0-9._\-]{1,253}|[0-9A-Fa-f:.]{2,45}(?:%[A-Za-z0-9]{1,20})?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Endpoint(NamedTuple):
    """An address to connect to."""

    ip: str
    port: int


Resolver = Callable[[str, int], list[Endpoint]]
"""A host name and port to its addresses; raises ``OSError`` where it has none."""


def resolve(host: str, port: int) -> list[Endpoint]:
    """Return the addresses of ``host`` by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Endpoint(str(address[4][0]), port) for address in found]


def is_public(ip: str) -> bool:
    """Return whether an address is of the open internet: not private, loopback, link-local, reserved or multicast, nor
    one of these wrapped into IPv6 (mapped, 6to4, Teredo, NAT64)."""
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(one is not None and not is_public(str(one)) for one in inner):
            return False
        if address.ipv4_mapped is not None or address in _NAT64:
            return True
    return address.is_global and not address.is_multicast and not address.is_reserved


class Target(NamedTuple):
    """Destination of a request: the host it names and the address it connects to."""

    scheme: str
    host: str
    port: int
    endpoint: Endpoint


class Guard:
    """Decides whether a URL may be fetched. Resolver and rule are handed in; tests use their own."""

    def __init__(self, resolver: Resolver = resolve, allowed: Callable[[str], bool] = is_public) -> None:
        self._resolve = resolver
        self._allowed = allowed

    def check(self, url: str) -> Target:
        """Return where a request for ``url`` may go.

        Raises:
            ReadError: another scheme than http and https, a user name in the URL, a host that cannot be found, or one
                with any address that is not of the open internet.
        """
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
        except ValueError:  # UnicodeError, of a host that no name server knows, is one too
            raise ReadError(f"{url[:200]}: not a URL; check it") from None
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
            raise ReadError(f"{url[:200]}: only http and https addresses are fetched")
        if parts.username is not None or parts.password is not None:
            raise ReadError(f"{parts.scheme}://{host}: an address with a user name in it is not fetched; leave it out")
        port = port or (443 if parts.scheme == "https" else 80)
        try:
            endpoints = self._resolve(host, port)
        except (OSError, UnicodeError):
            endpoints = []
        if not endpoints:
            raise ReadError(f"{host}: no such host, or no network; check the address and the connection")
        if not all(self._allowed(endpoint.ip) for endpoint in endpoints):
            raise ReadError(f"{host}: an address inside this machine or its network, which is not fetched")
        return Target(parts.scheme, host, port, endpoints[0])
