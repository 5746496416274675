"""The adapter of the port."""

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, ClassVar

from services.core.credentials import Credentials, Token
from services.core.frozen import frozen
from services.platforms.domains import DomainStatus
from services.platforms.offers import Choice, Offers
from services.platforms.port import DeployFailed, Identity, Order, Placement
from services.platforms.vendors.client import Client, Refused
from services.platforms.vendors.domains import DomainPlatform
from services.platforms.vendors.work import Work
from services.platforms.vercel.api import DASHBOARD, URL, Vercel, connected, failure
from services.platforms.vercel.deployment import VercelDeployment
from services.platforms.vercel.domains import Domains
from services.platforms.vercel.ending import delete, give_up
from services.platforms.vercel.logs import RuntimeLog
from services.platforms.vercel.project import Site


@frozen(kw_only=True)
class VercelPlatform(DomainPlatform[Vercel]):
    """The site is the name of the project. What its production domain leads to is what runs."""

    name: ClassVar[str] = "Vercel"
    offers: ClassVar[Offers] = Offers(
        no_restart="Vercel runs functions, each for a request: there is no server that could be restarted.",
        size=Choice("Vercel says how large a function is by its plan and the project's own settings."),
        instances=Choice("Vercel runs as many functions as there are requests."),
    )

    base_url: str = URL

    def connect(self, credentials: Credentials | None) -> AbstractAsyncContextManager[Vercel]:
        if not isinstance(credentials, Token):
            raise DeployFailed("NO_CREDENTIALS", "There is no enabled VERCEL integration for this project: create one.")
        base_url = self.base_url.rstrip("/")
        common: dict[str, Any] = {
            "name": self.name,
            "token": credentials.token,
            "pauses": self.pauses,
        }
        brief = replace(self.patience, trying=min(self.patience.trying, self.limits.health / 4))
        return connected(
            Client(base_url=base_url, patience=self.patience, **common),
            Client(base_url=base_url, patience=self.patience, limit="#deployments", **common),
            Client(base_url=DASHBOARD if base_url == URL else base_url, patience=brief, limit="#logs", **common),
        )

    async def run(self, client: Vercel, order: Order, work: Work) -> None:
        await VercelDeployment(Site(client, order), order, work, self.prepare).run()

    async def give_up(self, client: Vercel, placement: Placement, *, live: bool) -> None:
        """Stop the build, or go back to what ran before; a live deployment is deleted."""
        site = Site(client, placement)
        deployment_id = placement.progress.id("rollback") or placement.progress.id("build")
        if not live:
            await give_up(site, self.limits, now=self.now())
        elif deployment_id is not None:
            await delete(site, deployment_id)

    async def tell(self, client: Vercel, placement: Placement, work: Work) -> None:
        await RuntimeLog(Site(client, placement), work).tell()

    async def attach(self, client: Vercel, placement: Placement, name: str) -> None:
        await Domains(Site(client, placement)).add(name)

    async def inspect(self, client: Vercel, placement: Placement, name: str) -> DomainStatus | None:
        return await Domains(Site(client, placement)).look(name)

    async def detach(self, client: Vercel, placement: Placement, name: str) -> None:
        await Domains(Site(client, placement)).remove(name)

    async def identify(self, client: Vercel, credentials: Credentials) -> Identity:  # noqa: ARG002 - the base's
        """Return the name of the account."""
        return Identity(client.user.username)

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)
