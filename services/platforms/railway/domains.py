"""Domains of a service (docs.railway.com/guides/public-networking#custom-domains)."""

from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from services.core.frozen import frozen
from services.platforms.domains import CertificateState, DnsRecord, DomainState, DomainStatus
from services.platforms.port import DeployFailed
from services.platforms.railway.answers import Answers, Done
from services.platforms.railway.api import Api, Place
from services.platforms.railway.documents import CUSTOM_DOMAIN_CREATE, CUSTOM_DOMAIN_DELETE, CUSTOM_DOMAINS
from services.platforms.railway.site import Site
from services.platforms.vendors.client import Refused

_TYPE: Final = "DNS_RECORD_TYPE_"
_MISSING: Final = "DNS_RECORD_STATUS_REQUIRES_UPDATE"
_CERTIFICATES: Final = {
    "CERTIFICATE_STATUS_TYPE_VALID": CertificateState.ISSUED,
    "CERTIFICATE_STATUS_TYPE_ISSUE_FAILED": CertificateState.FAILED,
}


class _Record(Answers, frozen=True):
    record_type: str
    fqdn: str
    zone: str
    """The domain that somebody has registered, such as `example.co.uk`."""
    required_value: str
    status: str


class _Status(Answers, frozen=True):
    verified: bool
    """Whether the TXT record is there by which it is known whose the domain is."""
    certificate_status: str
    dns_records: list[_Record]
    """Without that one."""
    verification_dns_host: str | None = None
    verification_token: str | None = None
    certificate_error_message: str | None = None


class _Owned(Answers, frozen=True):
    id: str
    domain: str
    status: _Status


class _Listed(Answers, frozen=True):
    custom_domains: list[_Owned]


class _Domains(Answers, frozen=True):
    domains: _Listed


@frozen
class Domains:
    api: Api
    site: Site

    async def add(self, name: str) -> None:
        """Add a domain. Raises DeployFailed GONE where there is no service, and Refused."""
        place = await self._place()
        if place is None:
            words = f"Railway has no service {self.site.placement.site}: it was deleted there."
            raise DeployFailed("GONE", words)
        await self.api.ask(CUSTOM_DOMAIN_CREATE, Done, input={**place.ids, "domain": name})

    async def look(self, name: str) -> DomainStatus | None:
        """Return what there is of a domain: Railway looks at its DNS by itself."""
        owned = await self._find(name)
        if owned is None:
            return None
        status = owned.status
        certificate = _CERTIFICATES.get(status.certificate_status, CertificateState.PENDING)
        return DomainStatus(_state(status), certificate, _records(owned), status.certificate_error_message or None)

    async def remove(self, name: str) -> None:
        """Remove a domain where it is."""
        owned = await self._find(name)
        if owned is None:
            return
        with _unless_gone():  # by a call whose answer was lost
            await self.api.ask(CUSTOM_DOMAIN_DELETE, Done, id=owned.id)

    async def _place(self) -> Place | None:
        with _unless_gone():
            return await self.site.find()
        return None

    async def _find(self, name: str) -> _Owned | None:
        place = await self._place()
        if place is None:
            return None
        with _unless_gone():
            listed = (await self.api.ask(CUSTOM_DOMAINS, _Domains, **place.ids)).domains.custom_domains
            return next((each for each in listed if each.domain == name), None)
        return None


@contextmanager
def _unless_gone() -> Generator[None]:
    """Leave the block where something of it is not found at Railway."""
    try:
        yield
    except Refused as refused:
        if refused.status != HTTPStatus.NOT_FOUND:
            raise


def _state(status: _Status) -> DomainState:
    if status.verified and not any(each.status == _MISSING for each in status.dns_records):
        return DomainState.ACTIVE
    return DomainState.PENDING


def _records(owned: _Owned) -> tuple[DnsRecord, ...]:
    status = owned.status
    zone = next((each.zone.rstrip(".") for each in status.dns_records if each.zone), owned.domain)
    records = [DnsRecord(_type(each), each.fqdn.rstrip("."), each.required_value) for each in status.dns_records]
    if status.verification_token and not status.verified:
        host = (status.verification_dns_host or "_railway-verify").rstrip(".")
        name = host if host.endswith(f".{zone}") else f"{host}.{zone}"  # examples have both
        records.append(DnsRecord("TXT", name, status.verification_token))
    return tuple(records)


def _type(record: _Record) -> str:
    """Return the type of a record: DNS has no CNAME for a whole domain."""
    kind = record.record_type.removeprefix(_TYPE)
    return "ALIAS" if kind == "CNAME" and record.fqdn.rstrip(".") == record.zone.rstrip(".") else kind
