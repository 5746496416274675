"""Which network addresses a request to somebody else's URL may reach.

The rule is a list of our own: `ipaddress.is_global` says yes to addresses that carry another one inside (NAT64, 6to4).
Sources: the IANA special-purpose address registries for IPv4 and IPv6, and what cloud providers answer on.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

Address = IPv4Address | IPv6Address

_REFUSED_V4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network; 0.0.0.0 is the machine itself
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared address space; Alibaba's metadata is 100.100.100.200
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's agent: a public address that only leads inside
            "169.254.0.0/16",  # link-local: the metadata of AWS, Google and Azure, and of ECS tasks
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata is 192.0.0.192
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_UNICAST_V6: Final = IPv6Network("2000::/3")
"""All that is routed; outside are loopback, IPv4-mapped, NAT64, unique-local, link-local and multicast."""

_REFUSED_V6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4 carries an IPv4 address
            "2620:4f:8000::/48",  # AS112
            "3ffe::/16",  # 6bone, given back
            "3fff::/20",  # documentation
        ),
    )
)
_PRIVATE: Final[Sequence[IPv4Network | IPv6Network]] = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("::1/128"),
    IPv6Network("fc00::/7"),
)
_METADATA_V6: Final = IPv6Network("fd00:ec2::/32")


def is_address(text: str) -> bool:
    """Say whether a host is an address in its usual form, not a name."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_public(text: str) -> bool:
    """Say whether an address is one of the public Internet's, and nothing else."""
    address = _read(text)
    match address:
        case IPv4Address():
            return not any(address in network for network in _REFUSED_V4)
        case IPv6Address():
            return address in _UNICAST_V6 and not any(address in network for network in _REFUSED_V6)
        case None:
            return False


def is_public_or_private(text: str) -> bool:
    """Say whether an address is public, this machine's or of a private network; for development."""
    address = _read(text)
    if address is None or address in _METADATA_V6:
        return False
    return is_public(text) or any(address in network for network in _PRIVATE)


def _read(text: str) -> Address | None:
    """Read an address; one with a zone (`fe80::1%eth0`) or anything else is None."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id else address
