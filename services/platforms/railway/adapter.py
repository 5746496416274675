"""The adapter of the port."""

from typing import ClassVar, Final

from services.core.credentials import Credentials, Token
from services.core.frozen import frozen
from services.platforms.domains import DomainStatus
from services.platforms.offers import Choice, Hosting, Offers
from services.platforms.port import DeployFailed, Identity, Order, Placement, Running
from services.platforms.railway.answers import REMOVED, Who
from services.platforms.railway.api import Api, failure
from services.platforms.railway.deployment import RailwayDeployment
from services.platforms.railway.documents import WHO
from services.platforms.railway.domains import Domains
from services.platforms.railway.logs import Logs
from services.platforms.railway.redeploying import Redeploy
from services.platforms.railway.site import Site
from services.platforms.vendors.client import Client, Refused
from services.platforms.vendors.domains import DomainPlatform
from services.platforms.vendors.work import Work
from services.platforms.vendors.workspaces import meant

URL: Final = "https://backboard.railway.com"


@frozen(kw_only=True)
class RailwayPlatform(DomainPlatform[Client]):
    """The site is the name of the project and of its service."""

    name: ClassVar[str] = "Railway"
    offers: ClassVar[Offers] = Offers(
        size=Choice("Railway gives what runs as much as it uses, up to the limits of the plan: there are no sizes.")
    )

    base_url: str = URL

    def connect(self, credentials: Credentials | None) -> Client:
        if not isinstance(credentials, Token):
            message = "There is no enabled RAILWAY integration for this project: create one."
            raise DeployFailed("NO_CREDENTIALS", message)
        return Client(
            name=self.name,
            base_url=self.base_url.rstrip("/"),
            token=credentials.token,
            pauses=self.pauses,
            patience=self.patience,
        )

    async def run(self, client: Client, order: Order, work: Work) -> None:
        await RailwayDeployment(Api(client), order, work, self.prepare).run()

    async def give_up(self, client: Client, placement: Placement, *, live: bool) -> None:
        """Cancel the deployment; or go back to the one before, or, where there is none, remove it."""
        site = Site(Api(client), placement)
        await (site.stop() if live else site.give_up(self.limits))

    async def tell(self, client: Client, placement: Placement, work: Work) -> None:
        deployment_id = placement.progress.id("rollback") or placement.progress.id("build")
        if deployment_id is None:
            return
        logs = Logs(Api(client), work)
        deployment = await logs.look(deployment_id)
        if deployment.status in REMOVED:
            successor = await Site(Api(client), placement).running(deployment)
            if successor is not None:
                await logs.look(successor.id)

    async def start_again(self, client: Client, running: Running, work: Work) -> None:
        await work.unless_made("restart", Site(Api(client), running).restart)

    async def resize(self, client: Client, running: Running, to: Hosting, work: Work) -> None:
        await Redeploy(Site(Api(client), running), Logs(Api(client), work), work).run(to)

    async def attach(self, client: Client, placement: Placement, name: str) -> None:
        await _domains(client, placement).add(name)

    async def inspect(self, client: Client, placement: Placement, name: str) -> DomainStatus | None:
        return await _domains(client, placement).look(name)

    async def detach(self, client: Client, placement: Placement, name: str) -> None:
        await _domains(client, placement).remove(name)

    def is_taken(self, refused: Refused) -> bool:
        return any(words in refused.words.lower() for words in ("not available", "taken", "already"))

    async def identify(self, client: Client, credentials: Credentials) -> Identity:
        """Return the workspace that is meant, or those that the token reaches."""
        who = await Api(client).ask(WHO, Who)
        workspaces = meant(who.api_token.workspaces, credentials, at=self.name)
        return Identity(", ".join(workspace.name for workspace in workspaces))

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)


def _domains(client: Client, placement: Placement) -> Domains:
    api = Api(client)
    return Domains(api, Site(api, placement))
