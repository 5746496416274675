"""What a URL must look like before we keep it: the first look, before any name is resolved."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import httpx

MOST: Final = 2048
"""Characters of a URL."""

MOST_HOST: Final = 253
"""Characters of a host's name (RFC 1035, section 2.3.4)."""

LEAST_FREE_PORT: Final = 1024
"""Below are the ports of system services; of those only the two of the web are allowed."""

_PRINTABLE: Final = re.compile(r"[\x21-\x5b\x5d-\x7e]+", re.ASCII)  # neither space, control characters nor backslash
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)


class BadUrl(Exception):
    """A URL that we do not call. The message is a sentence for the person who entered it."""


def parsed(url: str, *, plain: bool) -> httpx.URL:
    """Read a URL that we may call; `plain` allows http besides https. Raises BadUrl.

    Hosts are names with a dot or canonical addresses: not one of the other spellings of an address (2130706433, 0x7f.1,
    0177.0.0.1, fullwidth digits), which some resolvers read.
    """
    if len(url) > MOST:
        raise BadUrl(f"must have at most {MOST:,} characters")
    if not _PRINTABLE.fullmatch(url):
        raise BadUrl("must be plain ASCII without spaces; write a name in another script as punycode (xn--…)")
    try:
        read = httpx.URL(url)
    except httpx.InvalidURL:
        raise BadUrl("is not a URL") from None
    if read.scheme not in ("http", "https"):
        raise BadUrl("must start with https://")
    if read.scheme == "http" and not plain:
        raise BadUrl("must start with https://: what we send is not for others to read")
    if read.userinfo:
        raise BadUrl("must not carry a user name or password")
    if read.fragment:
        raise BadUrl("must not have a fragment (#…)")
    _check_host(read.raw_host.decode("ascii"))
    if read.port is not None and not (read.port in (80, 443) or LEAST_FREE_PORT <= read.port <= 65535):  # noqa: PLR2004 - the ports of the web, the last of all
        raise BadUrl("must use port 80, 443 or one from 1024")
    return read


def _check_host(host: str) -> None:
    if ":" in host:
        try:
            zone = IPv6Address(host).scope_id
        except AddressValueError:
            raise BadUrl("has an address that is none") from None
        if zone:
            raise BadUrl("must have an address without a zone (%…)")
        return
    try:
        IPv4Address(host)
    except AddressValueError:
        pass
    else:
        return
    labels = host.removesuffix(".").lower().split(".")
    if len(host) > MOST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise BadUrl("has a host that is no name")
    if labels[-1].isdigit() or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):  # as the URL standard tells addresses
        raise BadUrl("must write an address in its usual form, such as 192.0.2.1")
    if len(labels) == 1 and labels != ["localhost"]:
        raise BadUrl("must have a full name as its host, such as example.com")
