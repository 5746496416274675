"""Names of domains: hostnames, in the form in which DNS has them."""

import re
from typing import Final

import idna

from services.core.errors import Invalid

MOST: Final = 253
"""Characters of a name, also in its ASCII form (RFC 1035, 2.3.4, without the root's)."""

_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
"""RFC 1123, 2.1."""
_ENCODED: Final = "xn--"


def hostname(text: str) -> str:
    """Return a name as DNS has it, in ASCII and lower case (UTS 46). Raises Invalid, of the field `name`."""
    name = text.strip()
    if not 0 < len(name) <= MOST:
        raise _invalid(f"must have 1 to {MOST} characters")
    name = _ascii(name).lower()
    if "*" in name:
        raise _invalid("must be one name: wildcards are not taken")
    if ":" in name or "/" in name:
        raise _invalid("must be a name alone, such as api.example.com: no URL, no port")
    labels = name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _invalid("must consist of letters, digits and hyphens between dots, at most 63 in a row")
    if len(labels) == 1:
        raise _invalid("must have a dot, such as api.example.com")
    if labels[-1][0].isdigit():  # also in hex, which some programs read as an address
        raise _invalid("must be a name, not an IP address")
    return name


def _ascii(name: str) -> str:
    if name.isascii() and _ENCODED not in name.lower():  # which UTS 46 has more rules for than DNS
        return name
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode()  # which knows what is too long, too
    except UnicodeError:  # of which IDNAError is one
        raise _invalid("is not a name that DNS can have") from None


def _invalid(what: str) -> Invalid:
    return Invalid.one(f"The domain {what}.", "name")
