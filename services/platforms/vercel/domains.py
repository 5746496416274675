"""Domains of a project (vercel.com/docs/rest-api/projects/add-a-domain-to-a-project)."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec

from services.core.frozen import frozen
from services.platforms.domains import CertificateState, DnsRecord, DomainState, DomainStatus
from services.platforms.vendors.client import Refused
from services.platforms.vendors.domains import route
from services.platforms.vercel.project import Site

_UNVERIFIED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT})


class _Challenge(msgspec.Struct, frozen=True):
    """A record that proves whose a domain is, which somebody else at Vercel has had."""

    type: str
    domain: str
    value: str


class _Owned(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    apex_name: str
    verified: bool
    verification: list[_Challenge] = []


class _Addresses(msgspec.Struct, frozen=True):
    rank: int
    """1 is the best."""
    value: list[str]


class _Target(msgspec.Struct, frozen=True):
    rank: int
    value: str


class _Config(msgspec.Struct, frozen=True):
    """What Vercel sees in the DNS, and would like to."""

    misconfigured: bool
    addresses: list[_Addresses] = msgspec.field(default_factory=list[_Addresses], name="recommendedIPv4")
    targets: list[_Target] = msgspec.field(default_factory=list[_Target], name="recommendedCNAME")


@frozen
class Domains:
    site: Site

    async def add(self, name: str) -> None:
        """Add a domain. Raises DeployFailed GONE where there is no project, and Refused."""
        await self.site.project()
        path = f"/v10/projects/{self.site.placement.site}/domains"
        await self.site.api.call("POST", path, body={"name": name}, repeatable=True)

    async def look(self, name: str) -> DomainStatus | None:
        """Let Vercel look for the proof of whose a domain is, where it wants one, and return what there is of it."""
        path, message = self._path(name), None
        owned = await self.site.api.get(path, _Owned)
        if owned is not None and not owned.verified:
            message = await self._verify(path)
            owned = await self.site.api.get(path, _Owned)
        if owned is None:
            return None
        asked = {"projectIdOrName": self.site.placement.site}
        config = await self.site.api.get(f"/v6/domains/{quote(name)}/config", _Config, **asked)
        config = config or _Config(misconfigured=True)
        is_there = owned.verified and not config.misconfigured
        return DomainStatus(
            DomainState.ACTIVE if is_there else DomainState.PENDING,
            CertificateState.NONE if is_there else CertificateState.PENDING,
            (*_proofs(owned), *_routes(owned, config)),
            message,
        )

    async def remove(self, name: str) -> None:
        """Remove a domain where it is."""
        await self.site.api.call("DELETE", self._path(name), missing_ok=True)

    def _path(self, name: str) -> str:
        return f"{self.site.path}/domains/{quote(name)}"

    async def _verify(self, path: str) -> str | None:
        """Let Vercel look, and return what it misses."""
        try:
            await self.site.api.call("POST", f"{path}/verify", missing_ok=True, repeatable=True)
        except Refused as refused:
            if refused.status not in _UNVERIFIED:
                raise
            return refused.words
        return None


def _proofs(owned: _Owned) -> list[DnsRecord]:
    challenges = [] if owned.verified else owned.verification
    return [DnsRecord(each.type, each.domain, each.value) for each in challenges]


def _routes(owned: _Owned, config: _Config) -> list[DnsRecord]:
    best = min(config.addresses, key=lambda each: each.rank, default=None)
    if owned.name == owned.apex_name and best is not None:
        return [DnsRecord("A", owned.name, address) for address in best.value]
    target = min(config.targets, key=lambda each: each.rank, default=None)
    return [route(owned.name, target.value)] if target else []
