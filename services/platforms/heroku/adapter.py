"""The adapter of the port."""

from typing import ClassVar, Final

from services.core.credentials import Credentials, Token
from services.core.frozen import frozen
from services.platforms.heroku.app import Account, App, failure
from services.platforms.heroku.deployment import HerokuDeployment
from services.platforms.port import DeployFailed, Identity, Order, Placement
from services.platforms.vendors.adapter import VendorPlatform
from services.platforms.vendors.client import Client, Refused
from services.platforms.vendors.work import Work

URL: Final = "https://api.heroku.com"
_VERSION_3: Final = {"accept": "application/vnd.heroku+json; version=3"}


@frozen(kw_only=True)
class HerokuPlatform(VendorPlatform[Client]):
    """The site is the name of the app. Its newest release is what runs."""

    name: ClassVar[str] = "Heroku"

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
        await App(client, placement).tell_log(work)

    async def identify(self, client: Client) -> Identity:
        """Return the address of the account."""
        account = await client.get("/account", Account)
        return Identity(account.email if account else "")

    def failure(self, refused: Refused) -> DeployFailed:
        return failure(refused)
