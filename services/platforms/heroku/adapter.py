"""The adapter of the port."""

import asyncio
from typing import ClassVar, Final

from services.core.credentials import Credentials, Token
from services.core.frozen import frozen
from services.platforms.domains import DomainStatus
from services.platforms.heroku.app import Account, App, failure
from services.platforms.heroku.deployment import HerokuDeployment
from services.platforms.heroku.domains import Domains
from services.platforms.heroku.log import tell_log
from services.platforms.offers import Choice, Hosting, Offers
from services.platforms.port import DeployFailed, Identity, Order, Placement, Running
from services.platforms.vendors.client import Client, Refused
from services.platforms.vendors.domains import DomainPlatform
from services.platforms.vendors.work import Work

URL: Final = "https://api.heroku.com"
_VERSION_3: Final = {"accept": "application/vnd.heroku+json; version=3"}


@frozen(kw_only=True)
class HerokuPlatform(DomainPlatform[Client]):
    """The site is the name of the app. Its newest release is what runs."""

    name: ClassVar[str] = "Heroku"
    offers: ClassVar[Offers] = Offers(promotes=True, region=Choice(among=("us", "eu")), keeps_region=True)

    base_url: str = URL

    def connect(self, credentials: Credentials | None) -> Client:
        if not isinstance(credentials, Token):
            raise DeployFailed("NO_CREDENTIALS", "There is no enabled HEROKU integration for this project: create one.")
        return Client(
            name=self.name,
            base_url=self.base_url.rstrip("/"),
            token=credentials.token,
            pauses=self.pauses,
            patience=self.patience,
            headers=_VERSION_3,
        )

    async def run(self, client: Client, order: Order, work: Work) -> None:
        await HerokuDeployment(App(client, order), order, work, self.prepare).run()

    async def give_up(self, client: Client, placement: Placement, *, live: bool) -> None:
        """Stop the build; or go back to the release before, or, where there is none, let no dyno run."""
        app = App(client, placement)
        await (app.scale(0) if live else app.give_up(self.limits))

    async def tell(self, client: Client, placement: Placement, work: Work) -> None:
        app = App(client, placement)
        release_id = await app.release_of(placement.progress)
        if release_id is not None:
            await tell_log(app, work, release_id)

    async def start_again(self, client: Client, running: Running, work: Work) -> None:
        """Restart all dynos, and wait until those that serve the web are others."""
        app = App(client, running)
        before = await work.once("dynos", call=app.dynos, find=app.dynos)

        async def call() -> str:
            await app.restart()
            return "done"

        async def find() -> str | None:
            return "done" if await app.has_replaced(before) else None

        await work.once("restart", call=call, find=find)
        async with work.within(self.limits.release, "restart", since="restart"):
            while await find() is None:  # noqa: ASYNC110 - Heroku tells nobody
                await asyncio.sleep(self.limits.poll)

    async def resize(self, client: Client, running: Running, to: Hosting, work: Work) -> None:
        await work.unless_made("scale", lambda: App(client, running).scale(to.instances, to.size))

    async def attach(self, client: Client, placement: Placement, name: str) -> None:
        await Domains(App(client, placement)).add(name)

    async def inspect(self, client: Client, placement: Placement, name: str) -> DomainStatus | None:
        return await Domains(App(client, placement)).look(name)

    async def detach(self, client: Client, placement: Placement, name: str) -> None:
        await Domains(App(client, placement)).remove(name)

    def is_taken(self, refused: Refused) -> bool:
        return "in use by another" in refused.words or "conflicts with" in refused.words

    async def identify(self, client: Client, credentials: Credentials) -> Identity:  # noqa: ARG002 - the base's
        """Return the address of the account."""
        account = await client.get("/account", Account)
        return Identity(account.email if account else "")

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)
