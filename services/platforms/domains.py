"""The port of domains: a name of the user's own that leads to what runs at a platform.

Adapters: heroku, railway, vercel, render. All pass tests/services/platforms/test_domains.py.
"""

from enum import Enum
from typing import Protocol, runtime_checkable

import msgspec

from services.platforms.port import Placement


class DomainState(Enum):
    """Whether a domain leads to what runs."""

    PENDING = "PENDING"
    """The platform has not seen all of its DNS records yet."""
    ACTIVE = "ACTIVE"
    """It leads there."""
    FAILED = "FAILED"
    """The platform has given up on it, or has it no more: the message says why."""


class CertificateState(Enum):
    """How far the certificate of a domain has come."""

    NONE = "NONE"
    """There is none, or the platform does not say: Vercel and Render issue one by themselves for an ACTIVE domain."""
    PENDING = "PENDING"
    """It is issued once the DNS records are seen."""
    ISSUED = "ISSUED"
    """It is in use."""
    FAILED = "FAILED"
    """It could not be issued: the message says why."""


class DnsRecord(msgspec.Struct, frozen=True):
    """A record to set where the domain's DNS is."""

    type: str
    """Such as CNAME, A or TXT; ALIAS stands for what a DNS host offers instead of a CNAME for a whole domain."""
    name: str
    """In full, without a dot at its end."""
    value: str


class DomainStatus(msgspec.Struct, frozen=True):
    """What a platform says of a domain."""

    state: DomainState
    certificate: CertificateState = CertificateState.NONE
    records: tuple[DnsRecord, ...] = ()
    message: str | None = None


@runtime_checkable
class TakesDomains(Protocol):
    """A platform at whose sites domains of one's own can be. Somebody waits for each call.

    A name is in ASCII and lower case. All raise DeployFailed: NAME_TAKEN where the name is with another project or
    account there, PLAN_LIMIT, CREDENTIALS_REFUSED, RATE_LIMITED, GONE where there is no such site, REFUSED, ….
    """

    async def add_domain(self, placement: Placement, name: str) -> DomainStatus:
        """Let a domain lead to a site, and return what is to be done for it. One that does already stays."""
        ...

    async def look_at_domain(self, placement: Placement, name: str) -> DomainStatus:
        """Let the platform look at the domain again, and return what it says; FAILED where it has it no more."""
        ...

    async def remove_domain(self, placement: Placement, name: str) -> None:
        """Let a domain no longer lead to a site; one that does not, or whose site is gone, is left alone."""
        ...
