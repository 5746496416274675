"""The adapter of the port: a client of Heroku for each call."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import field
from typing import ClassVar, Final

from services.core.clock import Clock
from services.core.credentials import Credentials, Token
from services.core.frozen import frozen
from services.platforms.emitting import Emit, emitted
from services.platforms.heroku.app import Account, App, failure
from services.platforms.heroku.deployment import HerokuDeployment
from services.platforms.port import DeployFailed, Event, Identity, Order, Placement
from services.platforms.preparing import Prepare
from services.platforms.vendors.client import Client, Patience, Pauses, Refused
from services.platforms.vendors.work import Limits, Work

URL: Final = "https://api.heroku.com"
_VERSION_3: Final = {"accept": "application/vnd.heroku+json; version=3"}


@frozen(kw_only=True)
class HerokuPlatform:
    """The site is the name of the app. Its newest release is what runs."""

    outlives: ClassVar[bool] = True
    pauses: Pauses
    prepare: Prepare
    now: Clock
    base_url: str = URL
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)

    async def deploy(self, order: Order) -> AsyncGenerator[Event, None]:
        """Deploy as port.Platform says."""

        async def run(client: Client, work: Work) -> None:
            await HerokuDeployment(App(client, order), order, work, self.prepare).run()

        async with aclosing(self._emitted(order, run)) as events:
            async for event in events:
                yield event

    async def cancel(self, placement: Placement, *, live: bool) -> None:
        """Stop the build; or go back to the release before, or, where there is none, let no dyno run."""
        async with self._client(placement.credentials) as client:
            app = App(client, placement)
            try:
                await (app.scale(0) if live else app.give_up())
            except Refused as refused:
                raise failure(refused) from None

    async def look(self, placement: Placement) -> AsyncGenerator[Event, None]:
        """Yield the lines that the app has written since."""

        async def run(client: Client, work: Work) -> None:
            await App(client, placement).tell_log(work)

        async with aclosing(self._emitted(placement, run)) as events:
            async for event in events:
                yield event

    async def check(self, credentials: Credentials) -> Identity:
        """Return the address of the account."""
        async with self._client(credentials) as client:
            try:
                account = await client.get("/account", Account)
            except Refused as refused:
                raise failure(refused) from None
        return Identity(account.email if account else "")

    async def _emitted(
        self, placement: Placement, run: Callable[[Client, Work], Awaitable[None]]
    ) -> AsyncGenerator[Event, None]:
        async def work(emit: Emit) -> None:
            async with self._client(placement.credentials) as client:
                try:
                    await run(client, Work(placement, emit, self.now, self.limits))
                except Refused as refused:
                    raise failure(refused) from None

        async with aclosing(emitted(work)) as events:
            async for event in events:
                yield event

    def _client(self, credentials: Credentials | None) -> Client:
        if not isinstance(credentials, Token):
            raise DeployFailed("NO_CREDENTIALS", "There is no enabled HEROKU integration for this project: create one.")
        return Client(
            name="Heroku",
            base_url=self.base_url.rstrip("/"),
            token=credentials.token,
            pauses=self.pauses,
            patience=self.patience,
            headers=_VERSION_3,
        )
