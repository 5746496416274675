"""The adapter of the port."""

from dataclasses import field
from typing import ClassVar

from services.core.credentials import AwsKeys, Credentials
from services.core.frozen import frozen
from services.foundation.aws.accounts import Endpoints, ForeignAccount
from services.platforms.ecs.account import NAME, Account, failure
from services.platforms.ecs.deployment import EcsDeployment, give_up
from services.platforms.ecs.lines import Lines
from services.platforms.ecs.service import Service
from services.platforms.ecs.serving import Serving
from services.platforms.ecs.site import REQUEST, Site
from services.platforms.ecs.sizes import SIZES
from services.platforms.ecs.tasks import Mark, Tasks
from services.platforms.offers import Choice, Hosting, Offers
from services.platforms.port import REGION, DeployFailed, Identity, LogStream, Order, Placement, Running
from services.platforms.vendors.adapter import VendorPlatform
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import Work


@frozen(kw_only=True)
class EcsPlatform(VendorPlatform[Account]):
    """The site is a service in ECS Express Mode. The revision of its newest deployment is what runs."""

    name: ClassVar[str] = NAME
    offers: ClassVar[Offers] = Offers(
        promotes=True,
        region=Choice(f"Everything of AWS is in {REGION}."),
        size=Choice(among=SIZES),
        no_domains="A service in ECS Express Mode has its own address alone: put CloudFront of yours in front of it.",
    )

    region: str = REGION
    endpoints: Endpoints = field(default_factory=Endpoints)

    def connect(self, credentials: Credentials | None) -> Account:
        if not isinstance(credentials, AwsKeys):
            raise DeployFailed("NO_CREDENTIALS", "There is no enabled AWS integration for this project: create one.")
        aws = ForeignAccount(
            region=self.region, keys=credentials, endpoints=self.endpoints, answer=self.patience.answer
        )
        return Account.of(aws, pauses=self.pauses, patience=self.patience)

    async def run(self, client: Account, order: Order, work: Work) -> None:
        await EcsDeployment(client, order, work, self.prepare).run()

    async def give_up(self, client: Account, placement: Placement, *, live: bool) -> None:
        """Stop the build; or go back to what ran before, or, where nothing did, let nothing run."""
        if live:
            await Service(client, Site(placement.site), placement).stop()
        else:
            await give_up(client, placement, self.limits)

    async def tell(self, client: Account, placement: Placement, work: Work) -> None:
        lines = Lines(client, Site(placement.site).log)
        await lines.tell(work, LogStream.RUNTIME, prefix=placement.deployment_id)

    async def start_again(self, client: Account, running: Running, work: Work) -> None:
        """Let the service run the same code and variables anew: as a revision, since Express Mode restarts nothing."""
        await self._anew(client, running, work, Hosting(), "restart")

    async def resize(self, client: Account, running: Running, to: Hosting, work: Work) -> None:
        """Let the service run the same code and variables as so many tasks of such a size: as a revision."""
        await self._anew(client, running, work, to, "scale")

    async def _anew(self, client: Account, running: Running, work: Work, hosting: Hosting, name: str) -> None:
        site = Site(running.site)
        tasks, service = Tasks(client, site, running), Service(client, site, running)
        mark = Mark(REQUEST, running.request)
        current = await service.rollouts.newest()
        if current is None:
            raise DeployFailed("GONE", "Nothing of it runs at AWS any more.")
        definition = await work.once(
            "definition", call=lambda: tasks.copy(current, hosting, mark), find=lambda: tasks.find(mark)
        )
        serving = Serving(service, work, Lines(client, site.log), instances=hosting.instances)
        await serving.serve(definition, since=name)

    async def identify(self, client: Account, credentials: Credentials) -> Identity:  # noqa: ARG002 - the base's
        """Return the ARN of whose keys they are."""
        return Identity((await client.owner()).arn)

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)
