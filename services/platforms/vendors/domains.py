"""The base of adapters that take domains: the port, on top of what a vendor's module does with a connection."""

from abc import abstractmethod
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from services.core.frozen import frozen
from services.platforms.domains import DnsRecord, DomainState, DomainStatus
from services.platforms.mask import Mask
from services.platforms.output import cleaned
from services.platforms.port import DeployFailed, Placement
from services.platforms.vendors.adapter import C, VendorPlatform
from services.platforms.vendors.client import Refused
from services.platforms.vendors.patience import Patience

HURRY: Final = Patience(answer=10, trying=15, longest=3)
"""With a platform, while somebody waits."""
MOST_RECORDS: Final = 20
_LONGEST: Final = 1_000
"""Characters of what a platform says."""


@frozen(kw_only=True)
class DomainPlatform(VendorPlatform[C]):
    @abstractmethod
    async def attach(self, client: C, placement: Placement, name: str) -> None:
        """Let a domain lead to a site; one that does already stays. May be repeated."""

    @abstractmethod
    async def inspect(self, client: C, placement: Placement, name: str) -> DomainStatus | None:
        """Return what there is of a domain at a site, once the platform has looked again; None where there is none."""

    @abstractmethod
    async def detach(self, client: C, placement: Placement, name: str) -> None:
        """Let a domain no longer lead to a site; one that does not is left alone."""

    async def add_domain(self, placement: Placement, name: str) -> DomainStatus:
        """Add a domain as domains.TakesDomains says."""
        async with self._hurrying(placement) as client:
            try:
                await self.attach(client, placement, name)
            except Refused as refused:  # it may be there: of a call whose answer was lost, or by hand
                status = await self.inspect(client, placement, name)
                if status is None:
                    raise self._worded_for(name, refused) from None
            else:
                status = await self.inspect(client, placement, name)
        return self._said(status, name, placement.secrets)

    async def look_at_domain(self, placement: Placement, name: str) -> DomainStatus:
        """Look at a domain as domains.TakesDomains says."""
        async with self._hurrying(placement) as client:
            return self._said(await self.inspect(client, placement, name), name, placement.secrets)

    async def remove_domain(self, placement: Placement, name: str) -> None:
        """Remove a domain as domains.TakesDomains says."""
        async with self._hurrying(placement) as client:
            await self.detach(client, placement, name)

    def is_taken(self, refused: Refused) -> bool:
        """Say whether a name is refused for being with another project or account."""
        return refused.status == HTTPStatus.CONFLICT

    @asynccontextmanager
    async def _hurrying(self, placement: Placement) -> AsyncGenerator[C]:
        usual = self.patience
        answer, trying = min(usual.answer, HURRY.answer), min(usual.trying, HURRY.trying)
        patience = replace(usual, answer=answer, trying=trying, longest=min(usual.longest, HURRY.longest))
        with self._worded(placement.secrets):
            async with replace(self, patience=patience).connect(placement.credentials) as client:
                yield client

    def _worded_for(self, name: str, refused: Refused) -> DeployFailed:
        if not self.is_taken(refused):
            return self.failure(refused)
        words = refused.words.rstrip(".") or "it is in use"
        message = f"{self.name} has {name} with another project or account: {words}. Remove it there first."
        return DeployFailed("NAME_TAKEN", message)

    def _said(self, status: DomainStatus | None, name: str, secrets: Iterable[str]) -> DomainStatus:
        if status is None:
            message = f"{self.name} does not have {name} at this site any more: add it again."
            return DomainStatus(DomainState.FAILED, message=message)
        mask = Mask(secrets)

        def shown(text: str) -> str:
            return cleaned(mask(text))[:_LONGEST]

        records = tuple(
            DnsRecord(shown(each.type), shown(each.name), shown(each.value)) for each in status.records[:MOST_RECORDS]
        )
        message = shown(status.message) if status.message else None
        return DomainStatus(status.state, status.certificate, records, message)


def route(name: str, target: str) -> DnsRecord:
    """Return the record by which a name leads to another: DNS has no CNAME for a whole domain such as `example.com`.

    Of names below public suffixes of several labels, such as `example.co.uk`, that is not known here.
    """
    return DnsRecord("ALIAS" if name.count(".") == 1 else "CNAME", name, target.rstrip("."))
