"""Domains of a service (api-docs.render.com/reference/create-custom-domain)."""

from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from services.core.frozen import frozen
from services.platforms.domains import CertificateState, DnsRecord, DomainState, DomainStatus
from services.platforms.render.answers import Answers, Service
from services.platforms.render.site import Site
from services.platforms.vendors.client import Refused
from services.platforms.vendors.domains import route

ADDRESS: Final = "216.24.57.1"
"""Of Render's load balancer, for whole domains (render.com/docs/configure-other-dns)."""


class _Owned(Answers, frozen=True):
    name: str
    domain_type: str
    """apex or subdomain."""
    verification_status: str
    """verified or unverified."""

    @property
    def is_verified(self) -> bool:
        return self.verification_status == "verified"


@frozen
class Domains:
    site: Site

    async def add(self, name: str) -> None:
        """Add a domain. Raises DeployFailed GONE where there is no service, and Refused."""
        service = await self.site.known()
        await self.site.api.call("POST", _path(service), body={"name": name}, repeatable=True)

    async def look(self, name: str) -> DomainStatus | None:
        """Let Render look at the DNS, unless it has seen it, and return what there is of a domain."""
        service = await self.site.find()
        if service is None:
            return None
        path = f"{_path(service)}/{name}"
        owned = await self.site.api.get(path, _Owned)
        if owned is not None and not owned.is_verified:
            with suppress(Refused):  # it may say that the records are not there yet
                await self.site.api.call("POST", f"{path}/verify", repeatable=True)
            owned = await self.site.api.get(path, _Owned)
        if owned is None:
            return None
        return DomainStatus(
            DomainState.ACTIVE if owned.is_verified else DomainState.PENDING,
            CertificateState.NONE if owned.is_verified else CertificateState.PENDING,
            (_record(owned, service),),
        )

    async def remove(self, name: str) -> None:
        """Remove a domain where it is."""
        service = await self.site.find()
        if service is not None:
            await self.site.api.call("DELETE", f"{_path(service)}/{name}", missing_ok=True)


def _path(service: Service) -> str:
    return f"/services/{service.id}/custom-domains"


def _record(owned: _Owned, service: Service) -> DnsRecord:
    if owned.domain_type == "apex":
        return DnsRecord("A", owned.name, ADDRESS)
    return route(owned.name, urlsplit(service.service_details.url).hostname or "")
