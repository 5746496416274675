"""Domains of an app, and their certificates (devcenter.heroku.com/articles/custom-domains)."""

from contextlib import suppress
from typing import Final

import msgspec

from services.core.frozen import frozen
from services.platforms.domains import CertificateState, DomainState, DomainStatus
from services.platforms.heroku.app import App
from services.platforms.port import DeployFailed
from services.platforms.vendors.client import Refused
from services.platforms.vendors.domains import route

_ISSUED: Final = frozenset({"ok", "cert issued"})
_SEEN: Final = _ISSUED | {"verified", "dns-verified"}
"""States of automated certificate management (ACM) in which Heroku has seen that the DNS leads to it."""

_WITHOUT: Final = (
    "Heroku issues no certificate for this app, whose automated certificate management is off; it wants a paid plan."
    " Nor does Heroku say then whether the record is set."
)


class Domain(msgspec.Struct, frozen=True):
    hostname: str
    status: str
    """none or succeeded once Heroku routes it, whether or not its record is set; pending, failed."""
    cname: str | None = None
    acm_status: str | None = None
    acm_status_reason: str | None = None


class _Managed(msgspec.Struct, frozen=True):
    acm: bool = False


@frozen
class Domains:
    app: App

    async def add(self, name: str) -> None:
        """Add a domain, with certificates by Heroku where the app's plan has them.

        Raises DeployFailed GONE where there is no app, and Refused.
        """
        managed = await self._certificates()
        if managed is None:
            raise DeployFailed("GONE", f"Heroku has no app {self.app.placement.site}: it was deleted there.")
        body = {"hostname": name, "sni_endpoint": None}
        try:
            await self.app.client.call("POST", f"{self.app.path}/domains", body=body, repeatable=True)
        except Refused:  # it may be there: of a call whose answer was lost, or by hand
            if await self._find(name) is None:
                raise
        if not managed:
            with suppress(Refused):  # without a paid plan
                await self.app.client.call("POST", f"{self.app.path}/acm", repeatable=True)

    async def look(self, name: str) -> DomainStatus | None:
        """Return what there is of a domain."""
        domain = await self._find(name)
        if domain is None:
            return None
        managed = bool(await self._certificates())
        records = (route(name, domain.cname),) if domain.cname else ()
        state = _state(domain, managed=managed)
        if not managed:
            return DomainStatus(state, records=records, message=_WITHOUT)
        return DomainStatus(state, _certificate(domain), records, domain.acm_status_reason or None)

    async def remove(self, name: str) -> None:
        """Remove a domain where it is."""
        await self.app.client.call("DELETE", f"{self.app.path}/domains/{name}", missing_ok=True)

    async def _find(self, name: str) -> Domain | None:
        return await self.app.client.get(f"{self.app.path}/domains/{name}", Domain)

    async def _certificates(self) -> bool | None:
        """Say whether Heroku issues certificates for the app; None where there is no app."""
        app = await self.app.client.get(self.app.path, _Managed)
        return app.acm if app else None


def _state(domain: Domain, *, managed: bool) -> DomainState:
    if "failed" in {domain.status, domain.acm_status}:
        return DomainState.FAILED
    seen = domain.acm_status in _SEEN if managed else domain.status in {"none", "succeeded"}
    return DomainState.ACTIVE if seen else DomainState.PENDING


def _certificate(domain: Domain) -> CertificateState:
    if domain.acm_status in _ISSUED:
        return CertificateState.ISSUED
    return CertificateState.FAILED if domain.acm_status == "failed" else CertificateState.PENDING
