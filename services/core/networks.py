"""Whose an address is, as far as an address tells: one machine of IPv4, one network of IPv6."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

_PREFIX: Final = 64
"""Bits that a single machine or household has in common (RFC 4291, RFC 6177): any of 2^64 addresses may be its own."""


@lru_cache(4096)
def network_of(address: str) -> str:
    """Return what is counted as one: an IPv4 address, an IPv6 /64. What is no address stays as it is."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    match parsed:
        case IPv6Address(ipv4_mapped=IPv4Address() as mapped):
            return str(mapped)
        case IPv6Address():
            return str(IPv6Network((parsed, _PREFIX), strict=False))
        case _:
            return str(parsed)
