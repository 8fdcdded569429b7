"""The one notion of an address that only this machine can reach."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Return whether ``host``, an IP address or a name, is this machine's own: ``localhost``, 127.0.0.0/8, ``::1``, and
    the same written as IPv4-mapped IPv6. Other names are not: what they resolve to can change."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower() == "localhost"
    # Pythons before 3.13 judge a mapped address by its IPv6 range alone.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
