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
from services.platforms.ecs.site import Site
from services.platforms.port import REGION, DeployFailed, Identity, LogStream, Order, Placement
from services.platforms.vendors.adapter import VendorPlatform
from services.platforms.vendors.client import Refused
from services.platforms.vendors.work import Work


@frozen(kw_only=True)
class EcsPlatform(VendorPlatform[Account]):
    """The site is a service in ECS Express Mode. The revision of its newest deployment is what runs."""

    name: ClassVar[str] = NAME

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

    async def identify(self, client: Account) -> Identity:
        """Return the ARN of whose keys they are."""
        return Identity((await client.owner()).arn)

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)
