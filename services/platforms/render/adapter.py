"""The adapter of the port."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, Final

from services.core.credentials import Credentials, Token
from services.core.frozen import frozen
from services.platforms.domains import DomainStatus
from services.platforms.github.pushing import GitHub
from services.platforms.offers import Choice, Hosting, Offers
from services.platforms.port import DeployFailed, Identity, LogStream, Order, Placement, Running
from services.platforms.render.api import Render, connected, failure
from services.platforms.render.client import RenderClient
from services.platforms.render.deployment import RenderDeployment
from services.platforms.render.domains import Domains
from services.platforms.render.ending import give_up
from services.platforms.render.logs import Logs
from services.platforms.render.scaling import Scaling
from services.platforms.render.site import PLAN, PLANS, Site
from services.platforms.vendors.client import Refused
from services.platforms.vendors.domains import DomainPlatform
from services.platforms.vendors.work import Work
from services.platforms.vendors.workspaces import meant

URL: Final = "https://api.render.com"


@frozen(kw_only=True)
class RenderPlatform(DomainPlatform[Render]):
    """The site is the name of the service, and of the repository that has its code."""

    name: ClassVar[str] = "Render"
    offers: ClassVar[Offers] = Offers(
        region=Choice(among=("frankfurt", "ohio", "oregon", "singapore", "virginia")),
        keeps_region=True,
        size=Choice(among=PLANS),
        smallest=PLAN,
        alone=(PLAN,),
    )

    code_host: GitHub
    base_url: str = URL

    def connect(self, credentials: Credentials | None) -> AbstractAsyncContextManager[Render]:
        if not isinstance(credentials, Token):
            raise DeployFailed("NO_CREDENTIALS", "There is no enabled RENDER integration for this project: create one.")
        common: dict[str, Any] = {
            "name": self.name,
            "base_url": self.base_url.rstrip("/"),
            "token": credentials.token,
            "pauses": self.pauses,
            "patience": self.patience,
        }
        return connected(
            RenderClient(**common),
            RenderClient(limit="#services", **common),
            RenderClient(limit="#logs", **common),
        )

    async def run(self, client: Render, order: Order, work: Work) -> None:
        await RenderDeployment(client, order, work, self.prepare, self.code_host).run()

    async def give_up(self, client: Render, placement: Placement, *, live: bool) -> None:
        """Cancel the deploy, or go back to the one before; a live service is suspended."""
        site = Site(client, placement)
        await (site.suspend() if live else give_up(site, self.limits))

    async def tell(self, client: Render, placement: Placement, work: Work) -> None:
        began = work.began("rollback") or work.began("build")
        service = await Site(client, placement).find()
        if began is not None and service is not None:
            await Logs(client, work, service, began).tell((LogStream.RUNTIME,))

    async def start_again(self, client: Render, running: Running, work: Work) -> None:
        """Let Render start other instances of the same, and wait until there is one."""
        site = Site(client, running)
        service = await site.known()

        async def instances() -> str:
            return " ".join(await site.instances(service)) or "-"

        before = (await work.once("instances-before", call=instances, find=instances)).split()

        async def call() -> str:
            await site.restart(service)
            return "done"

        async def find() -> str | None:
            return "done" if set(await site.instances(service)) - set(before) else None

        await work.once("restart", call=call, find=find)
        async with work.within(self.limits.release, "restart", since="restart"):
            while await find() is None:  # noqa: ASYNC110 - Render tells nobody
                await asyncio.sleep(self.limits.poll)

    async def resize(self, client: Render, running: Running, to: Hosting, work: Work) -> None:
        """Change the plan, with a deploy of what is live, and the number of instances."""
        await Scaling(Site(client, running), work).run(to)

    async def attach(self, client: Render, placement: Placement, name: str) -> None:
        await Domains(Site(client, placement)).add(name)

    async def inspect(self, client: Render, placement: Placement, name: str) -> DomainStatus | None:
        return await Domains(Site(client, placement)).look(name)

    async def detach(self, client: Render, placement: Placement, name: str) -> None:
        await Domains(Site(client, placement)).remove(name)

    async def identify(self, client: Render, credentials: Credentials) -> Identity:
        """Return the workspace that is meant, or those that the key reaches."""
        owners = meant(await client.owners(), credentials, at=self.name)
        return Identity(", ".join(owner.name for owner in owners))

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)
